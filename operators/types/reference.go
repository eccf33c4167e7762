package types

import (
	"slices"
	"strconv"
	"strings"

	"waterhealer/engine/value"
)

// old says that a schema is of a draft in which nothing beside a $ref counts.
func old(schema any) bool {
	o, _ := schema.(*value.Object)
	if o == nil {
		return false
	}
	dialect, _ := o.Get("$schema")
	text, _ := dialect.(string)
	return slices.ContainsFunc([]string{"draft-03/", "draft-04/", "draft-06/", "draft-07/"}, func(draft string) bool { return strings.Contains(text, draft) })
}

// reference reads what a $ref in the schema leads to. One that leads to itself
// may be anything there.
func (r *schemaReader) reference(written any, path string, depth int) Type {
	ref, ok := written.(string)
	if !ok {
		r.problem(path+"/$ref", "", "$ref is a string, not %s", withArticle(written))
		return Any()
	}
	if ref != "#" && !strings.HasPrefix(ref, "#/") || r.open[ref] {
		return Any()
	}
	target, found := r.find(ref)
	if !found {
		r.problem(path+"/$ref", "", "the schema has no %s", strconv.Quote(ref))
		return Any()
	}
	r.open[ref] = true
	defer delete(r.open, ref)
	return r.read(target, ref, depth+1)
}

// find follows a JSON pointer.
func (r *schemaReader) find(ref string) (any, bool) {
	at := r.root
	for _, step := range strings.Split(ref, "/")[1:] {
		step = unescape(step)
		switch v := at.(type) {
		case *value.Object:
			next, there := v.Get(step)
			if !there {
				return nil, false
			}
			at = next
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(v) {
				return nil, false
			}
			at = v[n]
		default:
			return nil, false
		}
	}
	return at, true
}

func escape(step string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(step)
}

func unescape(step string) string {
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
}
