package editor

import (
	"context"
	"fmt"
	"strings"
)

// at is the text, its outline and the offset of a position in an open file; ok is
// false for one that is not open.
func (s *server) at(p documentAt) (t *text, o *outline, offset int, ok bool) {
	if t = s.documents.text(p.TextDocument.URI); t == nil {
		return nil, nil, 0, false
	}
	return t, newOutline(t.data), t.offset(p.Position), true
}

func (s *server) completion(_ context.Context, p documentAt) (any, error) {
	list := completionList{Items: []completionItem{}}
	t, o, offset, ok := s.at(p)
	if !ok {
		return list, nil
	}
	for i, proposed := range s.language.complete(o, offset) {
		list.Items = append(list.Items, s.item(t, i, proposed))
	}
	return list, nil
}

func (s *server) item(t *text, i int, p proposal) completionItem {
	item := completionItem{
		Label: p.label, Kind: p.kind, Detail: p.detail,
		SortText: fmt.Sprintf("%04d", i), FilterText: p.label, InsertTextFormat: insertPlain,
		TextEdit: textEdit{Range: t.span(p.replace), NewText: p.insert},
	}
	if p.doc != "" {
		item.Documentation = shown(p.doc, s.client.Load().itemPlain)
	}
	switch {
	case p.snippet && s.client.Load().noSnippets:
		item.TextEdit.NewText = strings.ReplaceAll(p.insert, "$0)", "")
	case p.snippet:
		item.InsertTextFormat = insertSnippet
	}
	return item
}

// shown is a text in Markdown as a client can show it.
func shown(text string, plain bool) *markup {
	if plain {
		return &markup{plainText, text}
	}
	return &markup{markdown, text}
}

func (s *server) hover(_ context.Context, p documentAt) (any, error) {
	t, o, offset, ok := s.at(p)
	if !ok {
		return nil, nil
	}
	text, at := s.language.hover(o, offset)
	if text == "" {
		return nil, nil
	}
	return hover{Contents: *shown(text, s.client.Load().hoverPlain), Range: t.span(at)}, nil
}

func (s *server) definition(_ context.Context, p documentAt) (any, error) {
	t, o, offset, ok := s.at(p)
	if !ok {
		return nil, nil
	}
	at, ok := s.language.definition(o, offset)
	if !ok {
		return nil, nil
	}
	return location{URI: p.TextDocument.URI, Range: t.span(at)}, nil
}

func (s *server) documentSymbol(_ context.Context, p documentParams) (any, error) {
	t := s.documents.text(p.TextDocument.URI)
	if t == nil {
		return []symbol{}, nil
	}
	all := s.language.symbols(newOutline(t.data), t)
	if !s.client.Load().flatSymbols {
		return all, nil
	}
	flat := []symbolInformation{}
	for _, section := range all {
		flat = append(flat, symbolInformation{Name: section.Name, Kind: section.Kind, Location: location{p.TextDocument.URI, section.Range}})
		for _, n := range section.Children {
			flat = append(flat, symbolInformation{Name: n.Name, Kind: n.Kind, Location: location{p.TextDocument.URI, n.Range}, ContainerName: section.Name})
		}
	}
	return flat, nil
}
