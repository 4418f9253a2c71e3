#!/bin/sh
# Packs what build.sh made: release.tar.gz, the same bytes for the same content.
set -eu
TAR=${TAR:-tar}
top=dist/stage/greet-1.0
rm -rf dist
mkdir -p "$top/bin" "$top/share/man/man1"
cp build/greet "$top/bin/greet"
ln "$top/bin/greet" "$top/bin/hello"
cp build/greet.1.gz "$top/share/man/man1/"
cp -R share "$top/share/greet"
cp README.md "$top/"
cp LICENSE "$top/COPYING"
"$TAR" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --format=ustar \
    -C dist/stage -cf dist/release.tar greet-1.0
gzip -9 -n dist/release.tar
rm -rf dist/stage
