package configs

import (
	"fmt"
	"slices"
	"strings"
)

// What is called by another word is reported once, and then read as what it is
// called here, so that all mistakes of a file written for another program come
// at once.

// certain is the known word that another stands for beyond doubt: what another
// program calls it, or what differs by a letter. "" is none.
func certain(word string, known []string) string {
	if words := here(word, known); len(words) > 0 {
		if len(words) == 1 {
			return words[0]
		}
		return ""
	}
	plain := plainWord(word)
	for _, k := range known {
		if len(plain) > 2 && distance(plain, plainWord(k), 2) < 2 {
			return k
		}
	}
	return ""
}

// sectionKeys are the top-level keys that hold nodes.
func sectionKeys() []string {
	return []string{SectionSource.key(), SectionOperator.key(), SectionSink.key()}
}

// otherSection reports a top-level key by which another program calls a section,
// and reads its nodes.
func (r *reader) otherSection(section Section, e entry) []*Node {
	if r.full() {
		return nil
	}
	hint := didYouMean(e.key, sectionKeys(), e.said)
	inner := slices.IndexFunc(e.value.entries, func(e entry) bool { return slices.Contains(here(e.key, sectionKeys()), section.key()) })
	switch {
	case inner >= 0:
		hint = hints(hint, fmt.Sprintf("its nodes are what is under `%s:`", cut(e.value.entries[inner].said)))
	case e.value.shape != list:
		hint = hints(hint, r.listForm(section, e.value))
	}
	r.reportAt(e.place(), CodeUnknownKey, fmt.Sprintf("unknown key %q", e.said), hints(hint, r.text.usedAt(e.through)))
	switch {
	case e.value.shape == list:
		return r.nodesOf(section, e.value)
	case e.value.shape != mapping:
		return nil
	case inner >= 0: // pipeline: {processors: [...]}
		for i, other := range e.value.entries {
			if i != inner {
				r.unknownKey(other, topKeys())
			}
		}
		if of := e.value.entries[inner].value; of.shape == list {
			return r.nodesOf(section, of)
		}
		return nil
	}
	return r.mappedNodes(section, e.value)
}

// listForm says how nodes are written that stand in a mapping.
func (r *reader) listForm(section Section, it *item) string {
	if it.shape == mapping && len(it.entries) > 0 {
		first := it.entries[0]
		if kind := r.kindMeant(section, first.key); kind != "" {
			return fmt.Sprintf("it is a list of nodes: `- %s: ...`", kind)
		}
		if first.value.shape == mapping && len(first.said) < maxNameShown {
			return fmt.Sprintf("it is a list of nodes, whose names are keys of theirs: `- name: %s`", first.said)
		}
	}
	return "it is a list of nodes: `- KIND: ...`"
}

const maxNameShown = 40

// kindMeant is the kind that a key names, also by another word; "" is none.
func (r *reader) kindMeant(section Section, key string) string {
	if r.find(section, key) != nil {
		return key
	}
	return certain(key, r.kindsOf(section))
}

// mappedNodes reads the nodes of a section that is a mapping: of one node, or of
// nodes by name.
func (r *reader) mappedNodes(section Section, it *item) []*Node {
	if slices.ContainsFunc(it.entries, func(e entry) bool { return r.kindMeant(section, e.key) != "" }) {
		return []*Node{r.node(section, it, nil)}
	}
	var nodes []*Node
	for _, e := range it.entries {
		if e.value.shape != mapping || strings.HasPrefix(e.key, "x-") {
			continue
		}
		node := *e.value
		if node.entry("name") == nil {
			name := &item{shape: scalar, pos: e.pos, width: e.width, text: e.key, tag: "!!str", quoted: true}
			node.entries = append([]entry{{key: "name", said: "name", pos: e.pos, width: e.width, value: name}}, node.entries...)
		}
		nodes = append(nodes, r.node(section, &node, nil))
	}
	return nodes
}

// otherKind is the key of a node without a kind that stands for one beyond
// doubt, as if it were called so; nil if there is none. Of `type: kafka` the
// other keys are its fields.
func (r *reader) otherKind(section Section, unknown []entry) *entry {
	for i, e := range unknown {
		if r.saysKind(e) {
			kind := r.kindMeant(section, e.value.text)
			if kind == "" {
				return nil
			}
			fields := &item{shape: mapping, pos: e.value.pos, width: e.value.width, entries: slices.Delete(slices.Clone(unknown), i, i+1)}
			return r.insideOther(&entry{key: kind, said: kind, pos: e.pos, width: e.width, value: fields, through: e.through}, r.find(section, kind))
		}
	}
	if len(unknown) != 1 {
		return nil
	}
	e := unknown[0]
	if e.key = certain(e.key, r.kindsOf(section)); e.key == "" {
		return nil
	}
	if e.value.shape != mapping && takesWords(r.find(section, e.key)) {
		e.value = &item{shape: scalar, tag: "!!null", pos: e.pos, width: e.width} // `sink: print` is no format
	}
	return &e
}

// takesWords reports a kind whose short form is one of some words, or none.
func takesWords(spec *Spec) bool {
	short := findField(spec.Fields, spec.Short)
	return short == nil || len(short.Values) > 0
}

// insideOther takes the field of the short form out of the fields of a kind that
// takes a mapping as its short form, too.
func (r *reader) insideOther(kind *entry, spec *Spec) *entry {
	if !spec.ShortMapping {
		return kind
	}
	for _, e := range kind.value.entries {
		if certain(e.key, []string{spec.Short}) != "" {
			r.reportAt(e.place(), CodeUnknownKey, fmt.Sprintf("unknown key %q", e.said), fmt.Sprintf("it is the value of `%s:`", spec.Kind))
			kind.value = e.value
			return kind
		}
	}
	kind.value = &item{shape: scalar, tag: "!!null", pos: kind.pos, width: kind.width}
	return kind
}

// commonByOther puts keys that stand for common ones by another word, such as
// `inputs:` for `from:`, among those, and reports them. The rest is returned.
func (r *reader) commonByOther(rest *item, unknown []entry, common, own []Field) []entry {
	return slices.DeleteFunc(unknown, func(e entry) bool {
		if r.full() {
			return false
		}
		name := certain(e.key, fieldNames(common))
		if name == "" || rest.entry(name) != nil || certain(e.key, fieldNames(own)) != "" || findField(own, e.key) != nil {
			return false
		}
		r.unknownKey(e, fieldNames(common))
		e.key = name
		rest.entries = append(rest.entries, e)
		return true
	})
}

// saysKind reports a key such as `type`, whose value is the kind in files of
// other programs.
func (r *reader) saysKind(e entry) bool {
	return e.value.shape == scalar && !e.value.substituted && slices.Contains([]string{"type", "kind", "uses", "plugin"}, e.key)
}

// unitInKey reports a key of another program that says the unit of its number,
// such as `linger.ms: 5`. f is the field that it means, or nil.
func (r *reader) unitInKey(f *Field, e entry) bool {
	if f == nil || f.Type != TypeDuration || e.value.shape != scalar || e.value.substituted || !integer.MatchString(e.value.text) || r.full() {
		return false
	}
	for _, unit := range [][2]string{{"ms", "ms"}, {"millis", "ms"}, {"secs", "s"}, {"seconds", "s"}} {
		if strings.HasSuffix(plainWord(e.key), unit[0]) {
			r.reportAt(e.place(), CodeUnknownKey, fmt.Sprintf("unknown key %q", e.said),
				fmt.Sprintf("write `%s: %s%s`", f.Name, cut(e.value.text), unit[1]))
			return true
		}
	}
	return false
}

// insideObject reports a key of another program for a field of an object, such
// as `max_retries: 3` for `retry: {attempts: 3}`. f is the object, or nil.
func (r *reader) insideObject(f *Field, e entry) bool {
	if f == nil || f.Type != TypeObject || e.value.shape != scalar || e.value.substituted || r.full() {
		return false
	}
	if inner := certain(e.key, fieldNames(f.Fields)); inner != "" {
		r.reportAt(e.place(), CodeUnknownKey, fmt.Sprintf("unknown key %q", e.said), fmt.Sprintf("write `%s: {%s: %s}`", f.Name, inner, cut(e.value.text)))
		return true
	}
	return false
}

// takenOut are the entries of a mapping, and of those in it in which other
// programs hold the settings of a client, which are reported.
func (r *reader) takenOut(fields []Field, entries []entry) []entry {
	holds := func(e entry) bool {
		holder := slices.Contains([]string{"consumerparams", "producerconfig", "producerparams", "librdkafkaoptions"}, plainWord(e.key))
		return holder && e.value.shape == mapping && findField(fields, e.key) == nil
	}
	if !slices.ContainsFunc(entries, holds) {
		return entries
	}
	var all []entry
	for _, e := range entries {
		if !holds(e) {
			all = append(all, e)
			continue
		}
		r.unknownKey(e, fieldNames(fields))
		all = append(all, e.value.entries...)
	}
	return all
}
