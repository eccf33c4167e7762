package main

import "syscall"

// attributes make a process die with the one that started it, whatever that
// one dies of.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
