package dev.mailbell.network.address;

import inet.ipaddr.AddressStringException;
import inet.ipaddr.AddressStringParameters.RangeParameters;
import inet.ipaddr.IPAddress;
import inet.ipaddr.IPAddressString;
import inet.ipaddr.IPAddressStringParameters;
import inet.ipaddr.IncompatibleAddressException;
import java.net.InetAddress;

/** A CIDR range, IPv4 or IPv6; the two families never match each other. */
final class CidrRange {
    private static final IPAddressStringParameters CIDR =
            new IPAddressStringParameters.Builder()
                    .allowEmpty(false)
                    .allowAll(false)
                    .allowMask(false)
                    .allowPrefixOnly(false)
                    .allowWildcardedSeparator(false)
                    .allowSingleSegment(false)
                    .setRangeOptions(RangeParameters.NO_RANGE)
                    .allow_inet_aton(false)
                    .getIPv6AddressParametersBuilder()
                    .allowZone(false)
                    .allowBase85(false)
                    .getParentBuilder()
                    .toParams();

    private final byte[] network;
    private final int bits;

    private CidrRange(byte[] network, int bits) {
        this.network = network;
        this.bits = bits;
    }

    /**
     * @param cidr {@code 10.0.0.0/8}, {@code fd00::/8}, or one address
     * @throws IllegalArgumentException when it is not, or has bits set after the prefix
     */
    static CidrRange of(String cidr) {
        try {
            IPAddress address = new IPAddressString(cidr, CIDR).toAddress();
            Integer prefix = address.getNetworkPrefixLength();
            int bits = prefix == null ? address.getBitCount() : prefix;
            if (prefix != null && !address.isPrefixBlock()) {
                throw new IllegalArgumentException(
                        "\""
                                + cidr
                                + "\" has bits set behind its prefix; write "
                                + address.toPrefixBlock().toCompressedString());
            }
            return new CidrRange(address.getLower().getBytes(), bits);
        } catch (AddressStringException | IncompatibleAddressException e) {
            throw new IllegalArgumentException(
                    "\"" + cidr + "\" is not a CIDR range such as 10.0.0.0/8 or fd00::/8", e);
        }
    }

    boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length != network.length) {
            return false;
        }
        int whole = bits / 8;
        for (int i = 0; i < whole; i++) {
            if (bytes[i] != network[i]) {
                return false;
            }
        }
        int rest = bits % 8;
        return rest == 0 || ((bytes[whole] ^ network[whole]) & (0xff << (8 - rest)) & 0xff) == 0;
    }
}
