// Package drawing draws a compiled graph: as text for a terminal, as Mermaid, DOT
// and SVG. It takes everything from [engine.Graph], so that what is drawn is what
// runs. The live page (package observe) draws the same [Graph] its own way.
//
//	graph.go     what is drawn: nodes, edges, and who calls what in which order
//	letters.go   whose dead letters an output takes
//	order.go     the order of the text's lines
//	text.go      text, one line per node; rails.go draws the lines between them
//	mermaid.go   Mermaid
//	dot.go       DOT
//	box.go       the text of boxes and frames, and how large it is
//	svg.go       SVG, at the places that nested.go gives
//	layered.go   puts boxes into layers; crossings.go gives each layer an order in
//	             which lines cross little, spread.go places them so that these are straight
//	nested.go    the same with frames around boxes
package drawing
