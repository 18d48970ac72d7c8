package dev.mailbell.network.address;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Addresses that no public server has: the IANA special-purpose registries (RFC 6890 and its
 * successors), and the IPv4 addresses embedded in some IPv6 addresses.
 */
final class ReservedAddresses {
    private static final List<CidrRange> RANGES =
            Stream.of(
                            "0.0.0.0/8",
                            "10.0.0.0/8",
                            "100.64.0.0/10",
                            "127.0.0.0/8",
                            "169.254.0.0/16",
                            "172.16.0.0/12",
                            "192.0.0.0/24",
                            "192.0.2.0/24",
                            "192.88.99.0/24",
                            "192.168.0.0/16",
                            "198.18.0.0/15",
                            "198.51.100.0/24",
                            "203.0.113.0/24",
                            "224.0.0.0/4",
                            "240.0.0.0/4",
                            // Public by number, but inside Azure it is the machine's own host
                            // agent.
                            "168.63.129.16/32",
                            "::/128",
                            "::1/128",
                            "100::/64",
                            "2001:2::/48",
                            "2001:db8::/32",
                            "3fff::/20",
                            "5f00::/16",
                            "fc00::/7",
                            "fe80::/10",
                            "fec0::/10",
                            "ff00::/8")
                    .map(CidrRange::of)
                    .toList();

    private static final CidrRange COMPATIBLE = CidrRange.of("::/96");
    private static final CidrRange MAPPED = CidrRange.of("::ffff:0:0/96");
    private static final CidrRange TRANSLATED = CidrRange.of("::ffff:0:0:0/96");
    private static final CidrRange NAT64 = CidrRange.of("64:ff9b::/96");
    private static final CidrRange NAT64_LOCAL = CidrRange.of("64:ff9b:1::/48");
    private static final CidrRange TEREDO = CidrRange.of("2001::/32");
    private static final CidrRange SIX_TO_FOUR = CidrRange.of("2002::/16");

    private ReservedAddresses() {}

    static boolean contains(InetAddress address) {
        return RANGES.stream().anyMatch(range -> range.contains(address));
    }

    /** The IPv4 addresses at which a packet to {@code address} may arrive; usually none. */
    static List<InetAddress> embedded(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (MAPPED.contains(address)
                || COMPATIBLE.contains(address)
                || TRANSLATED.contains(address)
                || NAT64.contains(address)) {
            return List.of(ipv4(bytes, 12));
        }
        if (NAT64_LOCAL.contains(address)) {
            // RFC 8215 leaves the length of the prefix to the network's owner, and RFC 6052 puts
            // the address elsewhere for each: all possible positions count.
            return List.of(
                    ipv4(new byte[] {bytes[6], bytes[7], bytes[9], bytes[10]}, 0),
                    ipv4(new byte[] {bytes[7], bytes[9], bytes[10], bytes[11]}, 0),
                    ipv4(bytes, 9),
                    ipv4(bytes, 12));
        }
        if (SIX_TO_FOUR.contains(address)) {
            return List.of(ipv4(bytes, 2));
        }
        if (TEREDO.contains(address)) {
            // RFC 4380, section 4: the server's address, and the client's with its bits flipped.
            byte[] client = Arrays.copyOfRange(bytes, 12, 16);
            for (int i = 0; i < client.length; i++) {
                client[i] = (byte) ~client[i];
            }
            return List.of(ipv4(bytes, 4), ipv4(client, 0));
        }
        return List.of();
    }

    private static InetAddress ipv4(byte[] bytes, int at) {
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(bytes, at, at + 4));
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are always an address", e);
        }
    }
}
