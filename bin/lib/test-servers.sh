# Mail servers for the tests whose Debian packages cannot be installed beside Dovecot's: they are unpacked into a
# folder of their own, with the libraries that the machine lacks. Nothing is installed, nothing is started. So is Prometheus,
# for its promtool.
# Sourced by bin/verify.

# As root the servers' processes become nobody, which may not pass through root's home.
if [ "$(id -u)" -eq 0 ]; then
  TEST_SERVERS=/var/cache/mailbell/test-servers
else
  TEST_SERVERS="$HOME/.cache/mailbell/test-servers"
fi

is_there() {
  dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$'
}

# The libraries that packages depend on and the machine lacks, one a line.
missing_libraries_of() {
  local package
  apt-cache show --no-all-versions "$@" \
    | sed -nE 's/^(Pre-)?Depends: //p' | tr ',' '\n' | sed -E 's/^ *//; s/[ :|].*//' | grep '^lib' | sort -u \
    | while read -r package; do is_there "$package" || echo "$package"; done
}

# $1: the server's name, then its packages. Does nothing when they are unpacked already.
unpack_server() {
  local name=$1 work more known
  shift
  [ "$(cat "$TEST_SERVERS/$name/.packages" 2>/dev/null)" = "$*" ] && return 0
  if ! apt-cache show --no-all-versions "$@" >/dev/null 2>&1; then
    if [ "$(id -u)" -ne 0 ]; then
      echo "verify: apt does not know the packages $*, which the tests unpack: sudo apt-get update" >&2
      return 1
    fi
    apt-get update -qq
  fi
  echo "verify: unpacking $name into $TEST_SERVERS/$name"
  known=$(printf '%s\n' "$@")
  more=$known
  while [ -n "$more" ]; do
    # shellcheck disable=SC2086
    more=$(missing_libraries_of $more | grep -vxF "$known" || true)
    known=$(printf '%s\n%s' "$known" "$more" | sed '/^$/d')
  done
  mkdir -p "$TEST_SERVERS"
  work=$(mktemp -d "$TEST_SERVERS/.$name.XXXXXX")
  # shellcheck disable=SC2086
  if ! (cd "$work" && apt-get download -qq -o APT::Sandbox::User=root $known); then
    rm -rf "$work"
    echo "verify: the tests need the Debian packages $* (unpacked, not installed), and apt cannot fetch them." >&2
    return 1
  fi
  mkdir "$work/tree"
  for package in "$work"/*.deb; do
    dpkg -x "$package" "$work/tree"
  done
  echo "$*" >"$work/tree/.packages"
  chmod 755 "$work/tree" "$TEST_SERVERS"
  rm -rf "${TEST_SERVERS:?}/$name"
  mv -T "$work/tree" "$TEST_SERVERS/$name"
  rm -rf "$work"
}

unpack_test_servers() {
  unpack_server courier courier-imap courier-pop courier-base courier-authlib gamin
  unpack_server mailutils mailutils-imap4d mailutils-pop3d
  unpack_server cyrus cyrus-common cyrus-imapd cyrus-pop3d
  unpack_server prometheus prometheus
}
