package dev.mailbell.watch.host;

/**
 * A mail host at one moment.
 *
 * @param pushing connections that are held for push
 * @param waiting accounts that wait for a connection
 * @param idleFor nanoseconds since a connection was last requested
 */
public record HostStatus(String name, int connections, int pushing, int waiting, long idleFor) {
    boolean isUnused() {
        return connections == 0 && waiting == 0;
    }
}
