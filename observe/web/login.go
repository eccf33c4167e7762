package web

import (
	_ "embed" // the form
	"html/template"
	"net/http"
)

const cookieName = "waterhealer"

// maxForm bounds what is read of a login.
const maxForm = 4 << 10

// loginPage asks for the token.
//
//go:embed login.html
var loginPage string

func (s *Server) loginForm(w http.ResponseWriter, r *http.Request) {
	if s.guard.knows(r) {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	showLogin(w, http.StatusOK, "")
}

// login gives who knows the token a cookie, since a browser sends no header of
// its own. It holds no token, goes to this server alone, and ends with the browser.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if !equal(r.PostFormValue("token"), s.guard.token) || s.guard.token == "" {
		showLogin(w, http.StatusUnauthorized, "This is not the token.")
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: s.guard.cookie, Path: "/",
		HttpOnly: true, Secure: s.guard.secure, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func showLogin(w http.ResponseWriter, code int, wrong string) {
	form, err := template.New("login").Parse(loginPage)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = form.Execute(w, wrong) // who asked is gone if it fails
}
