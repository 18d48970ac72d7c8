# Finds a JDK of version 25 or newer, and Maven. Sourced by the programs of bin/.

LEAST_JAVA=25

# The version of the JDK in a folder, such as 25; nothing when there is none.
java_version_of() {
  [ -x "$1/bin/java" ] && [ -f "$1/release" ] || return 0
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

# $1: "javac" when a compiler is needed, else "java".
find_java_home() {
  local candidate version path_java old=
  path_java=$(command -v java || true)
  if [ -n "$path_java" ]; then
    path_java=$(readlink -f "$path_java" 2>/dev/null || echo "$path_java")
    path_java=${path_java%/bin/java}
  fi
  for candidate in "${JAVA_HOME:-}" "$path_java" \
      /usr/lib/jvm/* /usr/java/* /opt/* /opt/java/* /usr/local/* ${HOME:+"$HOME"/.sdkman/candidates/java/*} \
      ${HOME:+"$HOME"/.jdks/*} /Library/Java/JavaVirtualMachines/*/Contents/Home /opt/homebrew/opt/openjdk*; do
    [ -n "$candidate" ] || continue
    version=$(java_version_of "$candidate")
    [ -n "$version" ] || continue
    if [ "$version" -lt "$LEAST_JAVA" ]; then
      old="${old:+$old, }$version in $candidate"
    elif [ -x "$candidate/bin/$1" ]; then
      echo "$candidate"
      return 0
    fi
  done
  echo "mailbell: there is no J$([ "$1" = javac ] && echo DK || echo ava) $LEAST_JAVA or newer in JAVA_HOME, on the PATH or in the usual folders." >&2
  [ -z "$old" ] || echo "mailbell: these are too old: $old." >&2
  echo "mailbell: install one (for example Temurin 25) or set JAVA_HOME to its folder." >&2
  return 1
}

# Maven: the one on the PATH, else the wrapper, which fetches one into ~/.m2 at its first run.
# $1: the source tree.
find_maven() {
  if command -v mvn >/dev/null; then
    echo mvn
  else
    echo "$1/mvnw"
  fi
}

# File names and arguments go through the locale's encoding: without one, names beyond ASCII are lost.
use_utf8() {
  case "${LC_ALL:-${LC_CTYPE:-${LANG:-}}}" in
    *[Uu][Tt][Ff]-8 | *[Uu][Tt][Ff]8) ;;
    *) export LC_ALL=C.UTF-8 ;;
  esac
}

# What an AOT cache belongs to, and what it is recognised by: the Java, Mailbell's jar, its own head and its size.
# $1: the folder of the Java. $2: the jar. $3: the cache.
cache_seal() {
  { sed -n 's/^JAVA_RUNTIME_VERSION=//p' "$1/release"; cksum <"$2"; head -c 65536 "$3"; wc -c <"$3"; } 2>/dev/null | cksum
}
