#!/bin/bash
# Makes the images that `cargo xtask bench image` reads, from Debian packages, and keeps them in FOLDER.
#   corpus.sh FOLDER
# Out: OCI layouts below FOLDER, each made once:
#   layers       eight layers as apt-get leaves them, gzip; tags first2, first4, first8 hold so many of them
#   layers-zstd  first8 with zstd
#   single       the root filesystem of first8 in one layer, gzip
#   single-zstd  the same with zstd
#   split        the same root filesystem in up to 64 layers of about equal size, gzip: a large file fills its own
# Needs root (chroot, device nodes, owners), debootstrap, umoci, skopeo, and the Debian mirror that apt-get is set up for.
set -euo pipefail

folder=${1:?corpus.sh FOLDER}
suite=bookworm
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
bundle=$folder/bundle
rootfs=$bundle/rootfs

say() { printf 'corpus: %s\n' "$*" >&2; }

# stage NAME FUNCTION: what was finished once is not made again; what was begun is.
stage() {
  if [ -e "$folder/$1.made" ]; then return; fi
  say "making $1"
  rm -rf "${folder:?}/$1"
  "$2" "$folder/$1"
  touch "$folder/$1.made"
}

inside() {
  mount -t proc proc "$rootfs/proc"
  chroot "$rootfs" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@" >&2
  umount "$rootfs/proc"
}
trap 'umount "$rootfs/proc" 2>/dev/null || true' EXIT

# What is different from the layer before becomes the next layer, without what apt-get can fetch again.
count=0
layer() {
  rm -rf "$rootfs"/var/cache/apt/* "$rootfs"/var/lib/apt/lists/*
  count=$((count + 1))
  umoci repack --refresh-bundle --image "$layout:first$count" "$bundle"
  say "layer $count: $*"
}

install() {
  inside apt-get -qq update
  inside apt-get -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends install "$@"
  layer "$*"
}

base() {
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" | sed -n 1p)
  debootstrap --variant=minbase "$suite" "$rootfs" "${mirror:?apt-get knows no mirror of $suite}" >&2
  cp -L /etc/resolv.conf /etc/hosts "$rootfs/etc/"
  printf '#!/bin/sh\nexit 101\n' > "$rootfs/usr/sbin/policy-rc.d"
  chmod 755 "$rootfs/usr/sbin/policy-rc.d"
  layer base
}

# The last layer deletes and replaces what lower layers hold, and adds many small files.
application() {
  inside apt-get -qq -y purge npm
  inside apt-get -qq -y autoremove --purge
  mkdir -p "$rootfs/srv/app"
  cp -a "$rootfs/usr/include" "$rootfs/usr/share/doc" "$rootfs/usr/lib/python3" "$rootfs/srv/app/"
  layer application
}

layers() {
  layout=$1
  rm -rf "$bundle"
  umoci init --layout "$layout"
  umoci new --image "$layout:first0"
  umoci unpack --image "$layout:first0" "$bundle"
  base
  install ca-certificates curl git
  install python3 python3-pip python3-numpy python3-scipy
  install nodejs npm
  install openjdk-17-jdk-headless
  install chromium
  install gcc g++ make
  application
  local other
  for other in 0 1 3 5 6 7; do umoci remove --image "$layout:first$other"; done
  umoci gc --layout "$layout"
  rm -rf "$bundle"
}

zstd() { skopeo --insecure-policy copy --quiet --dest-compress --dest-compress-format zstd "oci:$1" "oci:$2" >&2; }
layers_zstd() { zstd "$folder/layers:first8" "$1:first8"; }
single_zstd() { zstd "$folder/single:single" "$1:single"; }

# spread LAYOUT TAG COUNT: the root filesystem of first8 again, in COUNT layers of about equal size.
spread() {
  local layout=$1 tag=$2 count=$3 work=$folder/spread number
  rm -rf "$work"
  umoci unpack --image "$folder/layers:first8" "$work" >&2
  # Parents come before what they hold; no name of a Debian package has a newline.
  (cd "$work/rootfs" && find . -mindepth 1 -printf '%s\t%P\n') | LC_ALL=C sort -t "$(printf '\t')" -k2 > "$work/files"
  awk -F '\t' -v count="$count" -v work="$work" '
    { size[NR] = $1 + 1024; name[NR] = $2; all += size[NR] }
    END { for (i = 1; i <= NR; i++) {
      print name[i] > sprintf("%s/part-%03d", work, int(before * count / all))
      before += size[i]
    } }' "$work/files"
  umoci init --layout "$layout"
  umoci new --image "$layout:$tag"
  for number in "$work"/part-*; do
    tar -C "$work/rootfs" --no-recursion --verbatim-files-from --no-unquote --numeric-owner -cf "$work/layer.tar" -T "$number"
    umoci raw add-layer --image "$layout:$tag" "$work/layer.tar"
    rm "$work/layer.tar"
  done
  umoci gc --layout "$layout" >&2
  rm -rf "$work"
}
single() { spread "$1" single 1; }
split() { spread "$1" split 64; }

stage layers layers
stage layers-zstd layers_zstd
stage single single
stage single-zstd single_zstd
stage split split
say "in $folder"
