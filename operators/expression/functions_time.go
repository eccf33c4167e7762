package expression

import (
	"fmt"
	"time"
	_ "time/tzdata" // time zones must not depend on the machine
)

// timeFunctions make times and durations.
func timeFunctions() []*function {
	return []*function{
		{name: "now", signature: "now([zone])", doc: "The time now, in UTC or in a time zone.",
			examples: []string{`now() >= date("2000-01-01")`},
			takes:    []kinds{isString}, optional: 1, gives: isTime, changing: true,
			call: func(f *frame, args []any) (any, error) {
				t := f.program.options.Now()
				if len(args) == 0 {
					return t, nil
				}
				return inZone(t, args[0].(string))
			}},
		{name: "duration", signature: "duration(text)", doc: "A duration as Go writes it: 1h30m, 250ms.",
			examples: []string{`duration("1h").Minutes() == 60`},
			takes:    []kinds{isString}, gives: isDuration,
			call: func(_ *frame, args []any) (any, error) {
				d, err := time.ParseDuration(args[0].(string))
				if err != nil {
					return nil, fmt.Errorf("%q is not a duration such as 1h30m or 250ms", clip(args[0].(string)))
				}
				return d, nil
			}},
		{name: "date", signature: "date(text[, layout[, zone]])", doc: "The time that a text is: in RFC 3339, 2006-01-02, 2006-01-02 15:04:05, 15:04:05, RFC 822, 850 or 1123, or in a layout as Go writes it; in UTC unless it or the zone says otherwise.",
			examples: []string{`date("2023-08-14").Year() == 2023`, `date("14.08.2023", "02.01.2006").Month() == 8`,
				`date("2023-08-14 12:00", "2006-01-02 15:04", "Europe/Zurich") == date("2023-08-14T10:00:00Z")`},
			takes: []kinds{isString, isString, isString}, optional: 2, gives: isTime, call: date},
		{name: "timezone", signature: "timezone(name)", doc: "The name of a time zone, checked: for In, now and date.",
			examples: []string{`date("2023-08-14").In(timezone("Europe/Zurich")).Hour() == 2`},
			takes:    []kinds{isString}, gives: isString,
			call: func(_ *frame, args []any) (any, error) {
				_, err := zone(args[0].(string))
				return args[0], err
			}},
	}
}

// zone finds a time zone by its name. That of the machine is refused: a result
// must not depend on where it is computed.
func zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is not a time zone such as UTC or Europe/Zurich", name)
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is not a time zone such as UTC or Europe/Zurich", clip(name))
	}
	return location, nil
}

func inZone(t time.Time, name string) (any, error) {
	location, err := zone(name)
	if err != nil {
		return nil, err
	}
	return t.In(location), nil
}

// layouts are what date reads without a layout.
func layouts() []string {
	return []string{
		time.RFC3339, time.DateOnly, time.DateTime, time.TimeOnly,
		time.RFC822, time.RFC850, time.RFC1123,
	}
}

func date(_ *frame, args []any) (any, error) {
	text, location := args[0].(string), time.UTC
	if len(args) == 3 {
		var err error
		if location, err = zone(args[2].(string)); err != nil {
			return nil, err
		}
	}
	if len(args) > 1 {
		t, err := time.ParseInLocation(args[1].(string), text, location)
		if err != nil {
			return nil, fmt.Errorf("%q is not a time in the layout %q", clip(text), clip(args[1].(string)))
		}
		return t, nil
	}
	for _, layout := range layouts() {
		if t, err := time.ParseInLocation(layout, text, location); err == nil {
			return t, nil
		}
	}
	return nil, fmt.Errorf("%q is not a time that date knows without a layout", clip(text))
}
