#!/bin/sh
# The state transfer `root_rsync` of Galera: that of rsync, where mariadbd runs as root. The rsync that receives would
# become the user `nobody` then, who may not enter the data folder.
#
# It lies in a folder of PATH twice: as `wsrep_sst_root_rsync`, which mariadbd starts, and as `rsync`.
case $0 in
*/wsrep_sst_root_rsync)
  PATH=$(dirname "$0"):$PATH exec wsrep_sst_rsync "$@"
  ;;
esac
for word; do
  [ "$before" != --config ] || sed -i '1i uid = 0\ngid = 0\nreverse lookup = no' "$word"
  before=$word
done
exec /usr/bin/rsync "$@"
