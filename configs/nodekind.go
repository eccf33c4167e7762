package configs

import (
	"fmt"
	"strings"
)

// noKind reports a node none of whose keys is a kind.
func (r *reader) noKind(section Section, it *item, unknown []entry, common []Field) {
	kinds := r.kindsOf(section)
	listed := "known here: " + strings.Join(kinds, ", ")
	if len(unknown) == 0 {
		r.wrong(it, &problem{CodeMissingKind, section.one() + " needs a key that names its kind", listed})
		return
	}
	if r.kindAsValue(section, unknown) {
		return
	}
	for _, e := range unknown {
		if r.full() {
			return
		}
		if other := r.elsewhere(section, e.key); other != "" {
			what, where := other.one(), other.key()
			if other == SectionSource && section == SectionOperator && r.kinds[SectionOutput][e.key] != nil {
				what, where = "a source or an output", other.key()+":` or `"+SectionOutput.key()
			}
			r.reportAt(e.place(), CodeWrongSection, fmt.Sprintf("%q is %s, not %s", e.said, what, section.one()),
				fmt.Sprintf("it belongs under `%s:`", where))
			continue
		}
		message := fmt.Sprintf("%q is no kind of %s", e.said, string(section))
		hint := r.elsewhereHint(section, e.key)
		if hint == "" {
			hint = knownHint(e.key, append(fieldNames(common), kinds...), kinds, message)
		}
		r.reportAt(e.place(), CodeUnknownKind, message, hints(hint, r.text.usedAt(e.through)))
	}
}

// kindAsValue reports a node that says `type: kafka`, as those of other programs
// do. Its other keys are then fields of the kind.
func (r *reader) kindAsValue(section Section, unknown []entry) bool {
	for _, e := range unknown {
		if !r.saysKind(e) {
			continue
		}
		hint := "a node's kind is its key"
		if kind := r.kindMeant(section, e.value.text); kind != "" {
			hint = fmt.Sprintf("a node's kind is its key: write `%s:` and its fields inside it", kind)
		}
		r.reportAt(e.place(), CodeUnknownKind, fmt.Sprintf("%q is no kind of %s", e.said, string(section)), hint)
		return true
	}
	return false
}

// elsewhere is a section in which a word is a kind.
func (r *reader) elsewhere(section Section, kind string) Section {
	for _, other := range []Section{SectionSource, SectionOperator, SectionSink, SectionOutput} {
		if other != section && r.kinds[other][kind] != nil {
			return other
		}
	}
	return ""
}

// elsewhereHint is what a word of another program is called in another section,
// "" where it has a name in its own or in none.
func (r *reader) elsewhereHint(section Section, word string) string {
	if otherWay(word) != "" || len(here(word, r.kindsOf(section))) > 0 {
		return ""
	}
	for _, other := range []Section{SectionSource, SectionOperator, SectionSink} {
		if hint := called(word, r.kindsOf(other)); hint != "" && other != section {
			return fmt.Sprintf("%s it belongs under `%s:`", hint, other.key())
		}
	}
	return ""
}
