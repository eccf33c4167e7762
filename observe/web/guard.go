package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// policy is what a browser may do with the page: load what is served here, and
// nothing else, inline code least of all.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guard decides who may ask.
//
// Without a token the server is only on loopback addresses, where a page of
// some other site in the user's browser could still reach it: by its own name,
// once that resolves to 127.0.0.1 (DNS rebinding), so names other than
// localhost and those that were allowed are refused; or across origins, so
// requests that say so are, too.
type guard struct {
	token   string
	cookie  string // what the page's cookie must hold
	hosts   []string
	secure  bool // served over TLS
	trusted bool // TLS has checked the client's certificate
}

func newGuard(token string, hosts []string, secure, trusted bool) guard {
	g := guard{token: token, hosts: hosts, secure: secure, trusted: trusted}
	if token != "" {
		// Made of the token alone, so that a page survives a restart.
		sum := hmac.New(sha256.New, []byte(token))
		sum.Write([]byte("waterhealer page"))
		g.cookie = hex.EncodeToString(sum.Sum(nil))
	}
	return g
}

func (g *guard) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tellBrowser(w.Header())
		switch {
		case !g.calledRight(r.Host):
			refuse(w, http.StatusMisdirectedRequest, "this server is not called "+r.Host+"; --http-host allows a name")
		case foreign(r):
			refuse(w, http.StatusForbidden, "requests of other sites are not answered")
		case !open(r.URL.Path) && !g.knows(r):
			g.demand(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// tellBrowser sets what browsers must keep to.
func tellBrowser(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin") // without any, browsers hide the login form's origin, too
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// open are the paths that need no token: health checks say little without
// one, and the form that asks for it.
func open(path string) bool {
	return path == "/livez" || path == "/readyz" || path == "/login" || path == "/login.css" || path == "/icon.svg"
}

// calledRight says whether the Host of a request may be meant for us.
func (g *guard) calledRight(host string) bool {
	if g.token != "" || g.trusted {
		return true // another name has neither our cookie nor a certificate
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if _, err := netip.ParseAddr(name); err == nil {
		return true // an address is not looked up
	}
	return name == "localhost" || slices.Contains(g.hosts, name)
}

// foreign says that a browser asks for a page of another site.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin":
		return false // no page can make a browser say so of another
	case "cross-site", "same-site":
		// A link that the user followed here shows the page, and gives it to nobody.
		return r.Method != http.MethodGet || r.Header.Get("Sec-Fetch-Mode") != "navigate"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	from, err := url.Parse(origin)
	return err != nil || from.Host != r.Host
}

// knows says whether a request shows that it may have an answer.
func (g *guard) knows(r *http.Request) bool {
	if g.token == "" || g.trusted {
		return true
	}
	if kind, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(kind, "bearer") {
		return equal(token, g.token)
	}
	cookie, err := r.Cookie(cookieName)
	return err == nil && equal(cookie.Value, g.cookie)
}

// equal takes as long for any two texts of these lengths.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// demand asks for the token: people by a form, programs by the header's words.
func (g *guard) demand(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" && strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="waterhealer"`)
	refuse(w, http.StatusUnauthorized, "the header Authorization must be Bearer and the --http-token")
}
