package dev.mailbell.network.socket;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;

/** Whether this host takes part in the IPv6 of the Internet. */
final class LocalIpv6 {
    /** RFC 4291, section 2.4, as assigned so far: 2000::/3. */
    private static final int GLOBAL = 0x20;

    private static final int GLOBAL_BITS = 0xE0;

    private LocalIpv6() {}

    /**
     * Whether an interface has a global address. It keeps that for a while where the network is
     * away. True where the interfaces cannot be asked.
     */
    static boolean isThere() {
        try {
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .anyMatch(LocalIpv6::isGlobal);
        } catch (SocketException e) {
            return true;
        }
    }

    static boolean isGlobal(InetAddress address) {
        return address instanceof Inet6Address && (address.getAddress()[0] & GLOBAL_BITS) == GLOBAL;
    }
}
