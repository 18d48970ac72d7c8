package dev.mailbell.mail.discovery;

import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.discovery.Discovered.Found;
import dev.mailbell.mail.discovery.Discovered.NotFound;
import dev.mailbell.mail.discovery.Discovered.Source;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.http.GuardedHttp;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the server of an address: the table of well-known providers, then SRV records (RFC 6186),
 * then autoconfig files. TLS from the first byte is preferred to STARTTLS (RFC 8314), and servers
 * in clear text are ignored.
 */
public final class Discovery {
    private static final Logger LOG = LoggerFactory.getLogger(Discovery.class);
    private static final Duration PER_QUESTION = Duration.ofSeconds(5);

    private final ProviderTable providers;
    private final SrvRecords dns;
    private final WebFiles files;
    private final RandomGenerator random;

    /**
     * @param http its guard decides where autoconfig files may be fetched from
     */
    public Discovery(GuardedHttp http) {
        this(ProviderTable.load(), new JdkSrvRecords(), new GuardedWebFiles(http), new Random());
    }

    Discovery(ProviderTable providers, SrvRecords dns, WebFiles files, RandomGenerator random) {
        this.providers = providers;
        this.dns = dns;
        this.files = files;
        this.random = random;
    }

    /**
     * Searches, at most 5 seconds for each query and at most until the deadline.
     *
     * @param address such as {@code ann@example.org}; an IDN is accepted in either form
     */
    public Discovered discover(String address, Protocol protocol, Deadline deadline) {
        Optional<MailAddress> parsed = MailAddress.of(address);
        if (parsed.isEmpty()) {
            return new NotFound(
                    "the mail server cannot be found without a full address such as"
                            + " ann@example.org: give mail.host");
        }
        MailAddress whose = parsed.get();
        Optional<ProviderTable.Provider> provider = providers.of(whose.domain());
        return provider.isPresent()
                ? known(provider.get(), whose, protocol)
                : new Search(whose, protocol, deadline).run();
    }

    private static Discovered known(
            ProviderTable.Provider provider, MailAddress address, Protocol protocol) {
        Optional<String> host = provider.host(protocol);
        if (host.isEmpty()) {
            return notOffered(address, protocol);
        }
        return new Found(
                host.get(),
                protocol.defaultPort(Security.TLS),
                Security.TLS,
                provider.username(address),
                Source.PROVIDER);
    }

    private static NotFound notOffered(MailAddress address, Protocol protocol) {
        return new NotFound(
                address.domain()
                        + " does not offer "
                        + protocol
                        + ": choose the other mail.protocol, or give mail.host");
    }

    /** One search in DNS and autoconfig files. */
    private final class Search {
        private final MailAddress address;
        private final Protocol protocol;
        private final Deadline deadline;
        private boolean unanswered;
        private int denials;

        Search(MailAddress address, Protocol protocol, Deadline deadline) {
            this.address = address;
            this.protocol = protocol;
            this.deadline = deadline;
        }

        Discovered run() {
            Optional<Found> found =
                    srv("s", Security.TLS)
                            .or(() -> srv("", Security.STARTTLS))
                            .or(this::autoconfig);
            if (found.isPresent()) {
                return found.get();
            }
            if (isDenied()) {
                return notOffered(address, protocol);
            }
            return new NotFound(
                    "no "
                            + protocol
                            + " server is known for "
                            + address.domain()
                            + (unanswered
                                    ? ", and its DNS or web server did not answer every question:"
                                            + " try again, or give mail.host"
                                    : ", neither in the DNS (SRV) nor by autoconfig: give"
                                            + " mail.host"));
        }

        private Optional<Found> srv(String suffix, Security security) {
            String service = protocol == Protocol.IMAP ? "_imap" : "_pop3";
            String name = service + suffix + "._tcp." + address.domain();
            List<SrvRecord> records;
            try {
                records = dns.lookup(name, deadline.atMost(PER_QUESTION));
            } catch (IOException e) {
                unanswered(name, e);
                return Optional.empty();
            }
            denials += records.stream().anyMatch(SrvRecord::isNotOffered) ? 1 : 0;
            return SrvRecord.choose(records, random)
                    .flatMap(record ->
                            record.host()
                                    .map(host ->
                                            new Found(
                                                    host,
                                                    record.port(),
                                                    security,
                                                    address.text(),
                                                    Source.SRV)));
        }

        private Optional<Found> autoconfig() {
            if (isDenied()) {
                return Optional.empty();
            }
            for (URI location : Autoconfig.locations(address)) {
                try {
                    Optional<byte[]> file = files.get(location, deadline.atMost(PER_QUESTION));
                    if (file.isPresent()) {
                        Optional<Found> found = Autoconfig.read(file.get(), address, protocol);
                        if (found.isPresent()) {
                            return found;
                        }
                    }
                } catch (IOException e) {
                    unanswered(location.getHost(), e);
                }
            }
            return Optional.empty();
        }

        /**
         * Whether the DNS says that the domain does not offer the service, with and without TLS
         * (RFC 6186, §3.4).
         */
        private boolean isDenied() {
            return denials == 2;
        }

        private void unanswered(String source, IOException reason) {
            unanswered |= !(reason instanceof java.net.UnknownHostException);
            LOG.debug(
                    "searching a server for {}: {} gave no answer",
                    address.domain(),
                    source,
                    reason);
        }
    }
}
