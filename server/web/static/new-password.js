// The link's token stands behind the #, so that it is in no request and no log. It is moved into the form, and out of the address.
const token = document.getElementById("token");
if (location.hash.length > 1) {
  token.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  document.getElementById("new_password").focus();
}
