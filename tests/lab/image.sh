# shellcheck shell=bash
# The guest's kernel and initial RAM disk; sourced by rxe-lab. Nothing of it is installed on the host: the distribution's
# kernel package is downloaded, unpacked and cached. What runs in the guest besides is the host's own file system.
#
# Uses the functions die and unavailable of rxe-lab, and its variable here.

readonly LAB_MODULES='virtio_pci virtio_console 9pnet_virtio 9p overlay crc32_pclmul crc32_generic
  veth sch_netem sch_fq sch_tbf sch_ingress act_mirred ifb tcp_bbr
  ib_uverbs rdma_ucm ib_umad rdma_rxe'

# Package and a file or command of it. perftest and iperf3 serve the measurements, the others every boot.
readonly LAB_PACKAGES='qemu-system-x86:qemu-system-x86_64 busybox-static:busybox kmod:depmod cpio:cpio
  rdma-core:/usr/share/doc/rdma-core ibverbs-utils:ibv_devinfo ibverbs-providers:/etc/libibverbs.d/rxe.driver
  librdmacm1:/usr/lib/x86_64-linux-gnu/librdmacm.so.1 iproute2:ip ethtool:ethtool perftest:ib_write_bw iperf3:iperf3'

# Prints the packages that the host lacks, one a line.
lab_missing_packages() {
  local entry
  for entry in $LAB_PACKAGES; do
    [[ -e ${entry#*:} ]] || command -v "${entry#*:}" >/dev/null || printf '%s\n' "${entry%%:*}"
  done
}

# Ends with the reason when this host cannot run the guest.
lab_require_host() {
  local missing
  [[ $(uname -s) == Linux ]] || unavailable "the guest shares the host's programs, and this host is not Linux"
  [[ $(uname -m) == x86_64 ]] || unavailable "the guest shares the host's programs, and is x86-64; this host is $(uname -m)"
  [[ $(id -u) == 0 ]] || unavailable 'it wants root: the guest reads all of the host files; run it as root'
  missing=$(lab_missing_packages | xargs)
  [[ -n $missing ]] || return 0
  command -v apt-get >/dev/null || unavailable "these packages are missing, and there is no apt-get to install them: $missing"
  [[ ${LONGHAUL_LAB_NO_INSTALL:-} != 1 ]] || unavailable "these packages are missing: $missing; LONGHAUL_LAB_NO_INSTALL=1 forbids to install them"
  say "installing $missing"
  # shellcheck disable=SC2086
  lab_apt install -y --no-install-recommends $missing || { lab_apt update && lab_apt install -y --no-install-recommends $missing; } ||
    unavailable "apt-get could not install: $missing; install them by hand to see why"
  missing=$(lab_missing_packages | xargs)
  [[ -z $missing ]] || unavailable "these packages were installed, and their files are still missing: $missing"
}

lab_apt() {
  DEBIAN_FRONTEND=noninteractive timeout 300 apt-get -qq -o DPkg::Lock::Timeout=120 -o Acquire::Retries=1 \
    -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o APT::Sandbox::User=root "$@" >&2 9>&-
}

lab_kernel_package() {
  apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}

# Makes the image in the folder $1, which does not exist yet.
lab_build() {
  local package tmp=$1.tmp version root module file
  rm -rf "$tmp"
  mkdir -p "$tmp/download"
  package=$(lab_kernel_package)
  if [[ -z $package ]]; then
    lab_apt update || unavailable 'apt knows no kernel package linux-image-amd64, and apt-get update failed'
    package=$(lab_kernel_package)
  fi
  [[ -n $package ]] || unavailable 'apt knows no kernel package linux-image-amd64 (Debian 12 has it)'
  say "making the guest from $package"
  (cd "$tmp/download" && { lab_apt download "$package" || { lab_apt update && lab_apt download "$(lab_kernel_package)"; }; }) ||
    unavailable "apt-get could not download $package"
  dpkg -x "$tmp"/download/*.deb "$tmp/k"
  version=$(basename "$tmp"/k/lib/modules/*)
  depmod -b "$tmp/k" "$version"
  root=$tmp/root
  mkdir -p "$root"/{bin,dev,proc,sys,ro,rw,new,m}
  cp "$(command -v busybox)" "$root/bin/busybox"
  # shellcheck disable=SC2154
  cp "$here/init" "$root/init"
  chmod +x "$root/init"
  for module in $LAB_MODULES; do
    modprobe -d "$tmp/k" -S "$version" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
  done | awk '!seen[$0]++' | while read -r file; do
    cp "$file" "$root/m/"
    basename "$file"
  done >"$root/modules"
  (cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$tmp/initrd"
  cp "$tmp/k/boot/vmlinuz-$version" "$tmp/vmlinuz"
  rm -rf "$tmp/download" "$tmp/k" "$tmp/root"
  printf '%s\n' "$version" >"$tmp/version"
  mv "$tmp" "$1"
}

# Sets image to the folder with vmlinuz, initrd and version, and makes it if needed. $1: "rebuild" makes it anew.
lab_image() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/longhaul id
  # The recipe names the image: another recipe gets another one.
  id=$(cat "$here/image.sh" "$here/init" | sha256sum | cut -c1-12)
  image=$cache/lab-$id
  [[ ${1:-} == rebuild || ! -s $image/version ]] || return 0
  mkdir -p "$cache" || unavailable "cannot write to $cache, where the guest's kernel is kept"
  exec 9>"$cache/lab.lock"
  flock -w 600 9 || unavailable "another process holds $cache/lab.lock since more than 10 minutes"
  if [[ ${1:-} == rebuild ]]; then rm -rf "$image"; fi
  if [[ ! -s $image/version ]]; then lab_build "$image"; fi
  exec 9>&-
}
