package dev.mailbell.network.address;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Turns a host name into addresses. Never called with a literal address. May block. */
@FunctionalInterface
public interface Resolver {
    /**
     * @param name lower case, ASCII, without a trailing dot
     * @throws UnknownHostException when the name has no address
     */
    List<InetAddress> lookup(String name) throws UnknownHostException;

    /** The resolver of the operating system. */
    static Resolver system() {
        return name -> List.of(InetAddress.getAllByName(name));
    }
}
