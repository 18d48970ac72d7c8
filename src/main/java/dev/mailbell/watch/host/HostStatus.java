package dev.mailbell.watch.host;

/**
 * How things stand with a mail host.
 *
 * @param waiting accounts in line
 * @param idleFor nanoseconds since a connection was last wanted
 */
public record HostStatus(int connections, int pushing, int waiting, long idleFor) {
    boolean isUnused() {
        return connections == 0 && waiting == 0;
    }
}
