package dev.mailbell.network;

import inet.ipaddr.AddressStringException;
import inet.ipaddr.AddressStringParameters.RangeParameters;
import inet.ipaddr.IPAddressString;
import inet.ipaddr.IPAddressStringParameters;
import inet.ipaddr.IncompatibleAddressException;
import java.net.IDN;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A host in its one canonical spelling: either a name (lower case, IDNs in their ASCII form, no
 * trailing dot) or a literal address. Every spelling that some C library accepts as an address
 * (decimal, octal, hexadecimal, short forms, IPv4 inside IPv6, a {@code %scope}) is parsed here,
 * once, so that no later code can read it differently.
 */
public final class Host {
    private static final int MAX_NAME_LENGTH = 253;
    private static final Pattern LABEL = Pattern.compile("[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?");
    // The "ends in a number" rule of the WHATWG URL standard: no such top-level domain exists.
    private static final Pattern NUMBER = Pattern.compile("[0-9]+|0x[0-9a-f]*");
    private static final IPAddressStringParameters LITERAL =
            new IPAddressStringParameters.Builder()
                    .allowEmpty(false)
                    .allowAll(false)
                    .allowPrefix(false)
                    .allowMask(false)
                    .allowPrefixOnly(false)
                    .allowWildcardedSeparator(false)
                    .allowSingleSegment(true)
                    .setRangeOptions(RangeParameters.NO_RANGE)
                    .allow_inet_aton(true)
                    .getIPv4AddressParametersBuilder()
                    .allowBinary(false)
                    .allowUnlimitedLeadingZeros(true)
                    .getParentBuilder()
                    .getIPv6AddressParametersBuilder()
                    .allowZone(false)
                    .allowBase85(false)
                    .allowBinary(false)
                    .getParentBuilder()
                    .toParams();

    private final String text;
    private final @Nullable InetAddress literal;

    private Host(String text, @Nullable InetAddress literal) {
        this.text = text;
        this.literal = literal;
    }

    /**
     * @param host a name or an address, as a person or a URL writes it; brackets around an IPv6
     *     address are removed
     * @throws IllegalArgumentException when it is neither; the message says why and may be shown to
     *     a client
     */
    public static Host of(String host) {
        if (host.isEmpty() || host.length() > 2 * MAX_NAME_LENGTH) {
            throw new IllegalArgumentException(
                    "a host has 1 to " + MAX_NAME_LENGTH + " characters");
        }
        if (host.indexOf(':') >= 0) {
            return ofIpv6(host);
        }
        String ascii = toAscii(host);
        String name = ascii.endsWith(".") ? ascii.substring(0, ascii.length() - 1) : ascii;
        String lastLabel = name.substring(name.lastIndexOf('.') + 1);
        if (NUMBER.matcher(lastLabel).matches()) {
            InetAddress address = parse(name);
            if (address == null) {
                throw new IllegalArgumentException("\"" + host + "\" is not an IPv4 address");
            }
            return ofAddress(address);
        }
        requireName(host, name);
        return new Host(name, null);
    }

    private static Host ofIpv6(String host) {
        String bare =
                host.startsWith("[") && host.endsWith("]")
                        ? host.substring(1, host.length() - 1)
                        : host;
        int scope = bare.indexOf('%');
        InetAddress address = parse(scope < 0 ? bare : bare.substring(0, scope));
        if (address == null) {
            throw new IllegalArgumentException(
                    "\"" + host + "\" is neither a host name nor an IPv6 address");
        }
        return ofAddress(address);
    }

    private static Host ofAddress(InetAddress address) {
        // The library's canonical form is that of RFC 5952 (::1); Java's writes all eight groups.
        String text = address.getHostAddress();
        return new Host(
                new IPAddressString(text, LITERAL).getAddress().toCanonicalString(), address);
    }

    private static String toAscii(String host) {
        try {
            return IDN.toASCII(host, IDN.ALLOW_UNASSIGNED).toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("\"" + host + "\" is not a host name", e);
        }
    }

    private static void requireName(String host, String name) {
        boolean fits = name.length() <= MAX_NAME_LENGTH;
        for (String label : name.split("\\.", -1)) {
            fits &= LABEL.matcher(label).matches();
        }
        if (!fits) {
            throw new IllegalArgumentException("\"" + host + "\" is not a host name");
        }
    }

    private static @Nullable InetAddress parse(String text) {
        try {
            // From bytes, because InetAddress also turns ::ffff:a.b.c.d into the IPv4 it means.
            return InetAddress.getByAddress(
                    new IPAddressString(text, LITERAL).toAddress().getBytes());
        } catch (AddressStringException | IncompatibleAddressException | UnknownHostException e) {
            return null;
        }
    }

    /** The address when the host is one, empty when it is a name. */
    public Optional<InetAddress> literal() {
        return Optional.ofNullable(literal);
    }

    /** The canonical spelling: {@code mail.example.org}, {@code 127.0.0.1}, without brackets. */
    @Override
    public String toString() {
        return text;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Host host && text.equals(host.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }
}
