# Pid 1 of an environment-to-be. It starts the keeper's process, which loads its code and then blocks on a pipe until it
# is told to go; then it waits for an environment: two lines, its directory, and who we are as seen from outside.
# Whoever made us being gone ends that wait, and with pid 1 all that there is. From then on the environment's lock is
# held as long as we live, orphans are reaped by `wait`, and when the keeper ends so do we, and everything else with us.
mkfifo "$STANDIN_FIFO" || exit
"$STANDIN_NODE" --max-semi-space-size=1 --max-old-space-size=128 "$STANDIN_KEEPER" <"$STANDIN_FIFO" &
exec 5>"$STANDIN_FIFO" 3>&-
rm "$STANDIN_FIFO"

IFS= read -r dir && IFS= read -r identity || {
  kill -9 $!
  wait $!
  exit 0
}
cd "$dir" || exit
exec 2>keeper.log </dev/null
if command -v flock >/dev/null; then
  exec 9>lock
  # Without namespaces the shell of the keeper before may outlive it for a moment, and holds the lock until then.
  tries=0
  until flock -n 9; do
    [ $((tries += 1)) -lt 50 ] || exit 75
    sleep 0.1
  done
fi
echo "$identity" >keeper.pid

set -e
. ./mounts.sh
set +e

echo "$dir" >&5
exec 5>&-
wait $!
