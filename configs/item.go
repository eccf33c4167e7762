package configs

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Limits of a pipeline file. They are far beyond what people write and keep a
// hostile file from costing more than a message.
const (
	// MaxBytes is the largest file that is parsed: no more need be read to refuse it.
	MaxBytes   = 2 << 20
	maxDepth   = 100
	maxAliased = 50_000 // items reached through aliases
	maxNodes   = 5_000
	maxFound   = 1_000 // diagnostics
)

type shape int

const (
	scalar shape = iota
	list
	mapping
)

func (s shape) String() string {
	return [...]string{"a single value", "a list", "a mapping"}[s]
}

// item is a YAML value as the rest of the package reads it: aliases and merges
// followed, substitutions made, positions as people count them.
type item struct {
	shape       shape
	pos         Position
	width       int
	text        string // of a scalar, substituted
	tag         string // of a scalar: !!str, !!int, ...
	quoted      bool
	substituted bool
	pieces      []piece    // how text was substituted; nil if it was not
	source      *yaml.Node // of a scalar: its place in the file
	list        []*item
	entries     []entry
	aliased     *yaml.Node // the anchored node when reached through an alias
	// through is the alias that led to the anchor in which this stands; it has no
	// line where this stands in no anchor that was followed.
	through Position
}

// entry is one key of a mapping.
type entry struct {
	key   string
	said  string // how messages name the key: as written, before substitution
	pos   Position
	width int
	value *item
	// through is as for an item.
	through Position
}

// empty reports a value that was left out, as in `flatten:`.
func (it *item) empty() bool {
	return it.shape == scalar && it.tag == "!!null" && it.text == "" && !it.substituted
}

func (it *item) null() bool { return it.shape == scalar && it.tag == "!!null" && !it.quoted }

func (it *item) entry(key string) *entry {
	for i := range it.entries {
		if it.entries[i].key == key {
			return &it.entries[i]
		}
	}
	return nil
}

// item converts a YAML node. It never returns nil: what cannot be converted
// becomes an empty value whose problem is reported.
func (r *reader) item(n *yaml.Node) *item {
	r.depth++
	defer func() { r.depth-- }()
	it := &item{tag: "!!null", source: n}
	it.pos, it.width = r.place(n), 1
	if r.depth > maxDepth {
		r.once(CodeLimit, it.pos, fmt.Sprintf("nested more than %d levels deep", maxDepth))
		return it
	}
	if r.aliases > 0 {
		it.through = r.outermost
		if r.aliased++; r.aliased > maxAliased {
			r.once(CodeLimit, r.outermost, fmt.Sprintf("aliases expand to more than %d values", maxAliased))
			return it
		}
	}
	r.checkTag(n, it)
	switch n.Kind {
	case yaml.AliasNode:
		return r.alias(n, it)
	case yaml.SequenceNode:
		it.shape = list
		for _, child := range n.Content {
			it.list = append(it.list, r.item(child))
		}
	case yaml.MappingNode:
		it.shape = mapping
		r.mapping(n, it)
	case yaml.ScalarNode:
		r.scalar(n, it)
	}
	return it
}

// place is where a node's value begins. yaml.v3 gives the anchor's or the
// tag's place instead where there is one.
func (r *reader) place(n *yaml.Node) Position {
	if n.Anchor == "" && n.Style&yaml.TaggedStyle == 0 {
		return r.text.at(n.Line, n.Column)
	}
	return r.text.position(r.text.value(r.text.mark(n.Line, n.Column)))
}

// value skips the anchor and the tag at an offset, and what follows them up to
// the value itself.
func (t *text) value(offset int) int {
	i := offset
	for i < len(t.data) && (t.data[i] == '&' || t.data[i] == '!') {
		for i < len(t.data) && !strings.ContainsRune(" \t\r\n,[]{}", rune(t.data[i])) {
			i++
		}
		end := i
		i = t.skipBlank(i)
		if i == len(t.data) || strings.ContainsRune(",]}", rune(t.data[i])) {
			return end // an empty value stands right behind its anchor
		}
	}
	return i
}

// skipBlank skips white space, line ends and comments.
func (t *text) skipBlank(i int) int {
	for i < len(t.data) {
		switch c := t.data[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
		case c == '#' && i > 0 && strings.ContainsRune(" \t\r\n", rune(t.data[i-1])):
			for i < len(t.data) && t.data[i] != '\n' {
				i++
			}
		default:
			return i
		}
	}
	return i
}

func (r *reader) checkTag(n *yaml.Node, it *item) {
	if n.Style&yaml.TaggedStyle == 0 || n.Kind == yaml.AliasNode {
		return
	}
	switch n.Tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!map", "!!seq", "!!merge":
		return
	}
	at := r.text.at(n.Line, n.Column)
	r.report(CodeTag, at, utf8.RuneCountInString(n.Tag),
		fmt.Sprintf("the YAML tag %s means nothing here", n.Tag),
		"an expression that starts with ! must be in quotes")
	r.broken[it] = true
}

func (r *reader) alias(n *yaml.Node, it *item) *item {
	if r.following[n.Alias] {
		r.report(CodeLimit, it.pos, len(n.Value)+1, fmt.Sprintf("the anchor &%s contains itself", n.Value), "")
		r.broken[it] = true
		return it
	}
	if r.aliases == 0 {
		r.outermost = it.pos
	}
	r.following[n.Alias] = true
	r.aliases++
	target := r.item(n.Alias)
	r.aliases--
	delete(r.following, n.Alias)
	copied := *target
	copied.pos, copied.width = it.pos, utf8.RuneCountInString(n.Value)+1
	copied.aliased = n.Alias
	if r.broken[target] {
		r.broken[&copied] = true
	}
	return &copied
}

func (r *reader) scalar(n *yaml.Node, it *item) {
	it.text = n.Value
	it.quoted = n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 ||
		n.Style&yaml.TaggedStyle != 0 && n.Tag == "!!str"
	it.width = r.text.scalarWidth(n)
	it.tag = n.Tag
	if !strings.Contains(n.Value, "$") {
		return
	}
	r.substitute(it)
	if it.substituted && !it.quoted {
		it.tag = (&yaml.Node{Kind: yaml.ScalarNode, Value: it.text}).ShortTag()
	}
}

// mapping reads the entries of a mapping; its own keys win over merged ones
// wherever the `<<` stands, earlier merges win over later ones.
func (r *reader) mapping(n *yaml.Node, it *item) {
	own := make(map[string]Position, len(n.Content)/2)
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		keyNode, valueNode := n.Content[i], n.Content[i+1]
		if keyNode.Kind == yaml.ScalarNode && keyNode.Tag == "!!merge" {
			merges = append(merges, valueNode)
			continue
		}
		key, ok := r.key(keyNode)
		if !ok {
			continue
		}
		if first, twice := own[key.key]; twice {
			r.report(CodeDuplicateKey, key.pos, key.width, fmt.Sprintf("the key %q is here twice", key.said),
				fmt.Sprintf("the first one is in line %d", first.Line))
			continue
		}
		own[key.key] = key.pos
		if r.depth == 1 && strings.HasPrefix(key.key, "x-") {
			continue // never looked at: may hold anchors whose variables are unset
		}
		key.value = r.item(valueNode)
		it.entries = append(it.entries, key)
	}
	for _, m := range merges {
		r.merge(m, it, own)
	}
}

func (r *reader) key(n *yaml.Node) (entry, bool) {
	it := r.item(n)
	if it.shape != scalar {
		r.report(CodeKey, it.pos, it.width, "a key must be plain text, not "+it.shape.String(), "if this is an expression or a ${...}, quote it")
		return entry{}, false
	}
	return entry{key: it.text, said: cut(n.Value), pos: it.pos, width: it.width, through: it.through}, true
}

func (r *reader) merge(n *yaml.Node, into *item, own map[string]Position) {
	merged := r.item(n)
	if merged.shape == scalar {
		if !r.broken[merged] {
			hint := "write an alias: `<<: *name`"
			if merged.aliased != nil {
				hint = fmt.Sprintf("&%s in line %d is a single value", merged.aliased.Anchor, r.text.at(merged.aliased.Line, merged.aliased.Column).Line)
			}
			r.report(CodeMerge, merged.pos, merged.width, "<< takes a mapping or a list of mappings", hint)
		}
		return
	}
	from := []*item{merged}
	if merged.shape == list {
		from = merged.list
	}
	for _, m := range from {
		if m.shape != mapping {
			r.report(CodeMerge, m.pos, m.width, "<< takes a mapping or a list of mappings, this is "+m.shape.String(), "")
			continue
		}
		for _, e := range m.entries {
			if _, has := own[e.key]; has {
				continue
			}
			own[e.key] = e.pos
			into.entries = append(into.entries, e)
		}
	}
}
