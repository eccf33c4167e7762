package kafka

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// Those who come while a round is under way are in the next one, together.
func TestRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds[int, int]()
		var asked [][]int
		goOn := make(chan struct{})
		ask := func(_ context.Context, who []int) (int, error) {
			asked = append(asked, slices.Sorted(slices.Values(who)))
			<-goOn
			return len(asked), nil
		}
		var all sync.WaitGroup
		join := func(who, round int) {
			all.Go(func() {
				if got, err := r.join(t.Context(), who, ask); got != round || err != nil {
					t.Errorf("%d got %d, %v, want %d", who, got, err, round)
				}
			})
			synctest.Wait()
		}
		join(1, 1)
		for who := 2; who <= 100; who++ {
			join(who, 2)
		}
		close(goOn)
		all.Wait()
		join(101, 3)
		if len(asked) != 3 || len(asked[0]) != 1 || len(asked[1]) != 99 || len(asked[2]) != 1 {
			t.Errorf("asked for %v", asked)
		}
	})
}

// The end of the first of a round, before its turn or during it, is not that of
// the others; an error of the answer is everybody's.
func TestRoundsOutliveTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds[string, string]()
		wrong := errors.New("wrong")
		ask := func(ctx context.Context, who []string) (string, error) {
			switch who[0] {
			case "first", "fourth":
				<-ctx.Done()
				return "", ctx.Err()
			case "sixth":
				return "", wrong
			}
			return who[0], nil
		}
		var all sync.WaitGroup
		join := func(who string, wants error) (end context.CancelFunc) {
			ctx, end := context.WithCancel(t.Context())
			all.Go(func() {
				got, err := r.join(ctx, who, ask)
				if !errors.Is(err, wants) || wants == nil && got != who {
					t.Errorf("%s got %q, %v", who, got, err)
				}
			})
			synctest.Wait()
			return end
		}
		endFirst := join("first", context.Canceled)
		endSecond := join("second", context.Canceled)
		defer join("third", nil)() // in the round of the second
		endSecond()                // before its turn
		endFirst()                 // during it
		all.Wait()

		endFourth := join("fourth", context.Canceled)
		defer join("fifth", nil)() // in a round of its own
		endFourth()
		all.Wait()
		defer join("sixth", wrong)()
		all.Wait()
	})
}
