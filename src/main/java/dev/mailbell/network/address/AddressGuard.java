package dev.mailbell.network.address;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.Host;
import dev.mailbell.network.HostGlob;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which addresses Mailbell may connect to: mail servers, webhooks and token URLs alike. A
 * caller asks for the addresses of a host before every connect, and connects to one of them only: a
 * name that changes its address after registration (DNS rebinding) is caught only there.
 */
public final class AddressGuard implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AddressGuard.class);
    private static final Duration DEFAULT_LOOKUP_TIME = Duration.ofSeconds(5);
    private static final int LOOKUP_THREADS = 64;

    /** The longest time that a connect waits for a name server, however much time is left. */
    private static final Duration MAX_LOOKUP_TIME = Duration.ofSeconds(10);

    private static final int MAX_WAITING_LOOKUPS = 4096;

    private final NameLookups lookups;
    private volatile Rules rules;

    private record Rules(List<CidrRange> allowPrivate, List<HostGlob> allowCleartext) {
        static Rules of(List<String> allowPrivate, List<String> allowCleartext) {
            return new Rules(
                    allowPrivate.stream().map(CidrRange::of).toList(),
                    allowCleartext.stream().map(HostGlob::of).toList());
        }
    }

    /**
     * @param allowPrivate CIDR ranges that are allowed although they are private or reserved
     * @param allowCleartext patterns of hosts to which clear text is allowed, see {@link HostGlob}
     * @throws IllegalArgumentException naming the first range or glob that is not one
     */
    public AddressGuard(List<String> allowPrivate, List<String> allowCleartext) {
        this(allowPrivate, allowCleartext, Resolver.system());
    }

    /** The same with another resolver, for tests. */
    public AddressGuard(List<String> allowPrivate, List<String> allowCleartext, Resolver resolver) {
        this.rules = Rules.of(allowPrivate, allowCleartext);
        this.lookups = new NameLookups(resolver, LOOKUP_THREADS, MAX_WAITING_LOOKUPS);
    }

    /**
     * Replaces both lists for all later calls; the old ones stay when a new one is wrong.
     *
     * @throws IllegalArgumentException naming the first range or glob that is not one
     */
    public void reload(List<String> allowPrivate, List<String> allowCleartext) {
        rules = Rules.of(allowPrivate, allowCleartext);
    }

    /** {@link #resolve(String, Deadline)} with 5 seconds for the lookup. */
    public List<InetAddress> resolve(String host) throws IOException {
        return resolve(host, Deadline.after(DEFAULT_LOOKUP_TIME));
    }

    /**
     * The addresses of {@code host} that may be connected to, in the resolver's order, at least
     * one.
     *
     * @param host a name or a literal address in any spelling
     * @throws BlockedAddressException when every address is refused
     * @throws UnknownHostException when the name has no address or is not a host name
     * @throws java.net.SocketTimeoutException when no name server answered by the deadline
     * @throws LookupsBusyException when too many lookups wait already
     */
    public List<InetAddress> resolve(String host, Deadline deadline) throws IOException {
        Host canonical;
        try {
            canonical = Host.of(host);
        } catch (IllegalArgumentException e) {
            UnknownHostException unknown = new UnknownHostException(e.getMessage());
            unknown.initCause(e);
            throw unknown;
        }
        List<InetAddress> found = lookUp(canonical, deadline);
        List<InetAddress> allowed = found.stream().distinct().filter(this::isAllowed).toList();
        if (allowed.isEmpty()) {
            // For the operator only: an answer to a client never says what a name resolves to.
            LOG.debug("refused host {}, which leads to {}", canonical, found);
            throw new BlockedAddressException(canonical.toString());
        }
        return allowed;
    }

    /** Every address of a host, refused ones too: for hosts that the operator named. */
    public List<InetAddress> lookUp(Host host, Deadline deadline) throws IOException {
        Optional<InetAddress> literal = host.literal();
        return literal.isPresent()
                ? List.of(literal.get())
                : lookups.lookup(host.toString(), deadline.atMost(MAX_LOOKUP_TIME));
    }

    /**
     * Checks a range before it is configured.
     *
     * @throws IllegalArgumentException when it is no CIDR range, or has bits set after its prefix
     */
    public static void requireRange(String cidr) {
        CidrRange.of(cidr);
    }

    /** True when the address is a public one, or {@code allowPrivate} covers it. */
    public boolean isAllowed(InetAddress address) {
        return isInAllowPrivate(address)
                || (!ReservedAddresses.contains(address)
                        && ReservedAddresses.embedded(address).stream().allMatch(this::isAllowed));
    }

    /** True when {@code allowPrivate} names the address, public or not. */
    public boolean isInAllowPrivate(InetAddress address) {
        return rules.allowPrivate().stream().anyMatch(range -> range.contains(address));
    }

    /** True when {@code allowCleartext} names this host, so that no TLS is needed. */
    public boolean allowsCleartext(String host) {
        Host canonical;
        try {
            canonical = Host.of(host);
        } catch (IllegalArgumentException e) {
            return false;
        }
        return rules.allowCleartext().stream().anyMatch(glob -> glob.matches(canonical));
    }

    /**
     * Early feedback at registration: what is wrong with the host, as far as is known now. A name
     * that cannot be looked up at the moment is accepted: name servers fail too, and the check that
     * counts happens at each connect.
     *
     * @return a message that may be shown to a client, or empty
     */
    public Optional<String> check(String host) {
        try {
            Host.of(host);
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
        try {
            resolve(host);
            return Optional.empty();
        } catch (BlockedAddressException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            LOG.debug("host {} could not be looked up at registration", host, e);
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        lookups.close();
    }
}
