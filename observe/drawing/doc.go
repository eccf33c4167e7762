// Package drawing draws a compiled graph: as text for a terminal, as Mermaid, DOT
// and SVG. It takes everything from [engine.Graph], so that what is drawn is what
// runs. The live page (package observe) draws the same [Graph] its own way.
//
//	graph.go     what is drawn: nodes, edges, and who calls what in which order
//	letters.go   whose dead letters an output takes
//	text.go      text, one line per node; rails.go draws the lines between them
//	mermaid.go   Mermaid
//	dot.go       DOT
//	svg.go       SVG, at the places that nested.go gives
//	layered.go   puts boxes into layers, so that edges lead down and cross little
//	nested.go    the same with frames around boxes
package drawing
