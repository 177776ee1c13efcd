# Sourced by the build-*.sh beside it, which define `compile FOLDER`: it leaves programs in that folder.

# build_once NAME STAMP TITLE DURATION PROGRAM...: compiles the programs into bin/, unless those of that stamp are there. Tells how far it is,
# and is safe to run twice at once. NAME tells apart what is kept beside them.
build_once() {
    local name=$1 stamp=$2 title=$3 duration=$4
    local bin=$PWD/../bin lock program work build
    shift 4
    mkdir -p "$bin"
    ! is_built "$bin" "$name" "$stamp" "$@" || return 0
    exec {lock}>"$bin/.$name-lock"
    if ! flock -n "$lock"; then
        echo "Waiting for another build of $title to finish."
        flock "$lock"
    fi
    if is_built "$bin" "$name" "$stamp" "$@"; then
        exec {lock}>&-
        return 0
    fi
    work=$(mktemp -d "$bin/.$name-build-XXXXXX")
    # shellcheck disable=SC2064 # The folder is known now, and local.
    trap "rm -rf '$work'" EXIT
    SECONDS=0
    echo "Building $title: $duration on two cores the first time."
    # The compiler must not inherit the lock, which a compiler server could keep.
    compile "$work" >"$work/log" 2>&1 {lock}>&- &
    build=$!
    while kill -0 "$build" 2>/dev/null; do
        sleep 1
        if [ $((SECONDS % 15)) -eq 0 ]; then
            echo "  ${SECONDS} s: $(grep -c . "$work/log" || true) packages compiled or downloaded"
        fi
    done
    if ! wait "$build"; then
        tail -n 20 "$work/log" >&2
        echo "$title did not build; the last lines are above." >&2
        exit 1
    fi
    for program in "$@"; do
        mv -f "$work/$program" "$bin/$program"
    done
    echo "$stamp" >"$bin/.$name-version"
    rm -rf "$work"
    exec {lock}>&-
    echo "Built $title in ${SECONDS} s."
}

is_built() {
    local bin=$1 name=$2 stamp=$3 program
    shift 3
    [ "$(cat "$bin/.$name-version" 2>/dev/null)" = "$stamp" ] || return 1
    for program in "$@"; do
        [ -x "$bin/$program" ] || return 1
    done
}
