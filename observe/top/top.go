// Package top shows a running pipeline in a terminal, from the same status as
// the page.
//
//	top.go        the program: what comes in, which keys do what
//	screen.go     a status as lines of text
//	nodes.go      the nodes, and what failed at them
//	partitions.go the strips of partitions
//	style.go      colours and columns
package top

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"

	"waterhealer/observe"
	"waterhealer/observe/remote"
)

// Options are what the program needs.
type Options struct {
	Client *remote.Client
	Input  *os.File
	Output *os.File
	// Color is false where the user wants none (NO_COLOR).
	Color bool
}

// retryAfter is how long it waits before it asks a pipeline again that is away.
const retryAfter = time.Second

// Run shows the pipeline until the user ends it or ctx is done. A pipeline that
// goes away is waited for; one that refuses is an error.
func Run(ctx context.Context, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := model{screen: Screen{Address: o.Client.Address(), Color: o.Color}, done: cancel}
	program := tea.NewProgram(&m, tea.WithContext(ctx), tea.WithInput(o.Input), tea.WithOutput(o.Output), tea.WithoutSignalHandler())
	asking := make(chan error, 1)
	go func() {
		err := ask(ctx, o.Client, program.Send)
		asking <- err
		program.Quit()
	}()
	_, err := program.Run()
	cancel()
	if refused := <-asking; refused != nil {
		return refused
	}
	if errors.Is(err, tea.ErrProgramKilled) || errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	return err
}

// Once writes one screen as plain text.
func Once(ctx context.Context, client *remote.Client, out io.Writer) error {
	status, err := client.Status(ctx)
	if err != nil {
		return err
	}
	history, err := client.History(ctx)
	if err != nil {
		return err
	}
	s := Screen{Address: client.Address(), Status: status, History: history}
	_, err = io.WriteString(out, s.Text(onceWidth, 0)+"\n")
	return err
}

// onceWidth is how wide a screen is that goes to no terminal.
const onceWidth = 120

// away is told when the pipeline does not answer.
type away struct {
	since time.Time
	err   error
}

// ask follows the pipeline and sends what it hears to the screen. Its error is
// that the pipeline refuses to be asked.
func ask(ctx context.Context, client *remote.Client, send func(tea.Msg)) error {
	since := time.Time{}
	for {
		history, err := client.History(ctx)
		if err == nil {
			send(history)
			since = time.Time{}
			err = client.Events(ctx, func(s *observe.Status) error {
				send(s)
				return nil
			})
		}
		var refused *remote.RefusedError
		if errors.As(err, &refused) {
			return err
		}
		if since.IsZero() {
			since = time.Now()
		}
		send(away{since: since, err: err})
		select {
		case <-time.After(retryAfter):
		case <-ctx.Done():
			return nil
		}
	}
}

// model is the state of the program.
type model struct {
	screen        Screen
	width, height int
	done          context.CancelFunc
}

func (m *model) Init() tea.Cmd { return nil }

func (m *model) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = message.Width, message.Height
	case []observe.Point:
		m.screen.History = message
	case *observe.Status:
		m.screen.take(message)
	case away:
		m.screen.Away, m.screen.Trouble = message.since, message.err
	case tea.KeyPressMsg:
		return m, m.key(message.String())
	}
	return m, nil
}

// key does what a key asks for.
func (m *model) key(name string) tea.Cmd {
	s := &m.screen
	switch name {
	case "q", "esc", "ctrl+c":
		m.done()
		return tea.Quit
	case "tab", "right", "l":
		s.Pane = (s.Pane + 1) % panes
		s.Offset = 0
	case "shift+tab", "left", "h":
		s.Pane = (s.Pane + panes - 1) % panes
		s.Offset = 0
	case "down", "j":
		s.Offset++
	case "up", "k":
		s.Offset = max(0, s.Offset-1)
	case "pgdown", "space":
		s.Offset += max(1, m.height/2)
	case "pgup":
		s.Offset = max(0, s.Offset-max(1, m.height/2))
	case "home", "g":
		s.Offset = 0
	}
	return nil
}

func (m *model) View() tea.View {
	view := tea.NewView("")
	if m.width > 0 {
		view.Content = m.screen.Text(m.width, m.height)
	}
	view.AltScreen = true
	view.WindowTitle = fmt.Sprintf("waterhealer top %s", m.screen.Address)
	return view
}
