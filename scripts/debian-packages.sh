# shellcheck shell=sh
# The Debian packages of Infora WiFi Billing. Read by scripts/setup, which sets home, work and codename and
# has say and refuse.

backports=/etc/apt/sources.list.d/infora-backports.sources
pin=/etc/apt/preferences.d/infora-freeradius
guard=/usr/sbin/policy-rc.d
no_cluster=/etc/postgresql-common/createcluster.d/infora-setup.conf

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        refuse "Debian packages are missing ($missing), and neither root nor sudo is at hand: run scripts/setup as root once."
    fi
}

# A package's daemon must not start on installation: Debian's FreeRADIUS would take our port.
put_guard() {
    printf '#!/bin/sh\nexit 101\n' >"$work/guard"
    chmod 755 "$work/guard"
    if [ -e "$guard" ]; then
        as_root cp -p "$guard" "$guard.before-infora"
    fi
    guarded=yes
    as_root cp -p "$work/guard" "$guard"
    echo 'create_main_cluster = false' >"$work/no-cluster"
    as_root mkdir -p "${no_cluster%/*}"
    as_root cp "$work/no-cluster" "$no_cluster"
}

remove_guard() {
    [ "${guarded:-no}" = yes ] || return 0
    guarded=no
    if [ -e "$guard.before-infora" ]; then
        as_root mv "$guard.before-infora" "$guard"
    else
        as_root rm -f "$guard"
    fi
    as_root rm -f "$no_cluster"
}

run_apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Options::=--force-confold "$@" >"$work/apt.log" 2>&1 </dev/null
}

installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

# ---------------------------------------------------------------- FreeRADIUS

freeradius_version() {
    /usr/sbin/freeradius -v 2>/dev/null | sed -n 's/.*FreeRADIUS Version \([0-9]*\.[0-9]*\.[0-9]*\).*/\1/p' | head -n 1
}

# As service/host/freeradius.py judges it.
usable() {
    case $1 in
    3.2.9 | 3.2.10) return 1 ;;
    3.2.[78] | 3.2.[1-9][0-9]) return 0 ;;
    *) return 1 ;;
    esac
}

check_freeradius() {
    [ -x /usr/sbin/freeradius ] || return 0
    version=$(freeradius_version)
    usable "$version" && return 0
    case $version in
    3.2.9 | 3.2.10) why="drops every value that Python returns, limits and refusals with them" ;;
    *) why="is not a release that this system was proved on: older ones neither protect replies against BlastRADIUS nor run several Python instances" ;;
    esac
    [ "${replace:-no}" = yes ] ||
        refuse "FreeRADIUS ${version:-of an unknown version} is installed, which $why: install 3.2.11 or later, or run \`scripts/setup --replace-freeradius\` to have it replaced by the newest release that Debian offers."
    obsolete=yes
}

# Debian 12 has 3.2.7 in its backports suite: use it for FreeRADIUS and for nothing else.
add_backports() {
    [ "$codename" = bookworm ] || return 0
    if [ ! -e "$backports" ]; then
        "$home/scripts/backports-source" "$codename" >"$work/source" ||
            refuse "apt's sources name no Debian mirror for $codename, so its backports suite cannot be found: repair /etc/apt/sources.list first."
        if [ -s "$work/source" ]; then
            say "adding Debian's $codename-backports from this machine's own mirror ($backports)"
            { echo "# FreeRADIUS 3.2.7 for Infora WiFi Billing; $pin keeps everything else from it."; cat "$work/source"; } >"$work/source.new"
            as_root cp "$work/source.new" "$backports"
            as_root chmod 644 "$backports"
        fi
    fi
    if [ ! -e "$pin" ]; then
        write_pin
    fi
}

write_pin() {
    {
        if [ -e "$backports" ]; then
            printf '# This suite was added for FreeRADIUS alone: nothing else may come from it.\n'
            printf 'Package: *\nPin: release n=%s-backports\nPin-Priority: -1\n\n' "$codename"
        fi
        printf 'Package: freeradius freeradius-* libfreeradius*\nPin: release n=%s-backports\nPin-Priority: 990\n' "$codename"
    } >"$work/pin"
    as_root cp "$work/pin" "$pin"
    as_root chmod 644 "$pin"
}

check_candidate() {
    version=$(apt-cache policy freeradius | sed -n 's/^  Candidate: \(.*:\)\{0,1\}\([0-9.]*\).*/\2/p')
    usable "$version" ||
        refuse "apt offers FreeRADIUS ${version:-in no version}, where 3.2.7 is needed: make $codename-backports (Debian 12) or the release's own suite (Debian 13) reachable, then run this again."
}

# ---------------------------------------------------------------- Debian packages

postgres_is_there() {
    for found in /usr/lib/postgresql/*/bin/postgres; do
        [ -x "$found" ] || continue
        major=${found#/usr/lib/postgresql/}
        [ "${major%%/*}" -lt 15 ] || return 0
    done
    return 1
}

list_missing() {
    missing=''
    [ "${database:-yes}" = no ] || postgres_is_there || missing="$missing postgresql"
    [ "${obsolete:-no}" = no ] || missing="$missing freeradius freeradius-python3 freeradius-utils"
    for package in freeradius freeradius-python3 freeradius-utils s6 age ca-certificates iproute2 procps strace faketime \
        curl fonts-noto-core fonts-noto-cjk; do
        installed "$package" || case " $missing " in *" $package "*) ;; *) missing="$missing $package" ;; esac
    done
    missing=${missing# }
}

install_missing() {
    list_missing
    [ -n "$missing" ] || return 0
    say "reading the package lists"
    # A broken source of a third party is no reason to stop: what we need is checked below.
    run_apt update || true
    case $missing in
    *freeradius*)
        add_backports
        [ ! -e "$backports" ] || run_apt update -o Dir::Etc::sourcelist="$backports" -o Dir::Etc::sourceparts=- \
            -o APT::Get::List-Cleanup=0 || true
        check_candidate
        ;;
    esac
    install "$missing"
}

# Programs that nobody here wrote, against which the tests run; without one of them its tests are skipped by name.
# Nothing that fails here keeps the other tests from running.
peers='hostapd wpasupplicant ocserv openconnect libpam-radius-auth pamtester strongswan-charon strongswan-swanctl
libcharon-extra-plugins hledger nodejs chromium-headless-shell systemd docker-compose nginx-light nftables prometheus'

install_peers() {
    absent=''
    for package in $peers; do
        installed "$package" || absent="$absent $package"
    done
    absent=${absent# }
    [ -n "$absent" ] || return 0
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        say "without root the tests with $absent are skipped"
        return 0
    fi
    say "installing programs to test against: $absent (this takes a minute)"
    [ -n "$(apt-cache policy "${absent##* }")" ] || run_apt update || true
    put_guard
    # shellcheck disable=SC2086
    run_apt install --no-install-recommends $absent || for package in $absent; do
        run_apt install --no-install-recommends "$package" || say "apt could not install $package: its tests are skipped"
    done
    remove_guard
    for package in $absent; do
        case $package in
        hostapd | ocserv | prometheus) keep_from_starting "$package" ;;
        nginx-light) keep_from_starting nginx ;;
        wpasupplicant) keep_from_starting wpa_supplicant ;;
        strongswan-charon) keep_from_starting strongswan-starter ;;
        esac
    done
}

# Debian starts what it installs, now and at each boot; what we install here runs under our supervisor.
keep_from_starting() {
    if command -v systemctl >/dev/null; then
        as_root systemctl disable "$1.service" >/dev/null 2>&1 || true
    elif command -v update-rc.d >/dev/null; then
        as_root update-rc.d "$1" disable >/dev/null 2>&1 || true
    fi
}

install() {
    say "installing $1 (this takes a minute)"
    fresh=''
    installed freeradius || fresh=freeradius
    put_guard
    # shellcheck disable=SC2086
    run_apt install --no-install-recommends $1 || {
        tail -n 15 "$work/apt.log" >&2
        refuse "apt could not install $1: the lines above say why."
    }
    remove_guard
    if [ -n "$fresh" ] && installed freeradius; then
        keep_from_starting freeradius
    fi
}
