package cmd

import "github.com/spf13/cobra"

func (p *program) offsetsCommand() *cobra.Command { return &cobra.Command{Use: "offsets FILE"} }
