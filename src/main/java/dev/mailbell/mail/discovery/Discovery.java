package dev.mailbell.mail.discovery;

import dev.mailbell.fairness.ActingClient;
import dev.mailbell.fairness.FairSemaphore;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.discovery.Discovered.Found;
import dev.mailbell.mail.discovery.Discovered.NotFound;
import dev.mailbell.mail.discovery.Discovered.Source;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.http.GuardedHttp;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Finds the server of an address: the table of well-known providers, then SRV records (RFC 6186),
 * then autoconfig files. TLS from the first byte is preferred to STARTTLS (RFC 8314), and servers
 * in clear text are ignored.
 */
public final class Discovery {
    /** Each asks five questions at once. */
    private static final int SURVEYS_AT_ONCE = 32;

    private static final int SURVEYS_OF_A_CLIENT = 8;

    private static final String NO_ADDRESS =
            "the mail server cannot be found without a full address such as ann@example.org: give"
                    + " mail.host";

    private final ProviderTable providers;
    private final Search.Sources sources;
    private final FairSemaphore surveys = new FairSemaphore(SURVEYS_AT_ONCE);

    /** The places of each client that has searched. */
    private final Map<UUID, FairSemaphore> surveysOfClients = new ConcurrentHashMap<>();

    /**
     * @param http its guard decides where autoconfig files may be fetched from
     */
    public Discovery(GuardedHttp http) {
        this(ProviderTable.load(), new JdkSrvRecords(), new GuardedWebFiles(http), new Random());
    }

    Discovery(ProviderTable providers, SrvRecords dns, WebFiles files, RandomGenerator random) {
        this.providers = providers;
        this.sources = new Search.Sources(dns, files, random);
    }

    /**
     * Searches, at most 5 seconds for each query and at most until the deadline.
     *
     * @param address such as {@code ann@example.org}; an IDN is accepted in either form
     */
    public Discovered discover(String address, Protocol protocol, Deadline deadline) {
        Optional<MailAddress> parsed = MailAddress.of(address);
        if (parsed.isEmpty()) {
            return new NotFound(NO_ADDRESS);
        }
        MailAddress whose = parsed.get();
        Set<Protocol> wanted = EnumSet.of(protocol);
        Optional<ProviderTable.Provider> provider = providers.of(whose.domain());
        if (provider.isPresent()) {
            Optional<Found> known = known(provider.get(), whose, protocol);
            return known.isPresent() ? known.get() : new NotFound(Search.notOffered(whose, wanted));
        }
        Search search = new Search(sources, whose, wanted, deadline);
        Optional<Found> best = search.best(protocol);
        return best.isPresent() ? best.get() : new NotFound(search.nothingFound());
    }

    /**
     * Searches all sources for servers of these protocols, within the same limits of time.
     *
     * @param protocols at least one
     */
    public Candidates candidates(String address, Set<Protocol> protocols, Deadline deadline) {
        Optional<MailAddress> parsed = MailAddress.of(address);
        if (parsed.isEmpty()) {
            return new Candidates(List.of(), NO_ADDRESS);
        }
        MailAddress whose = parsed.get();
        Set<Protocol> wanted = EnumSet.copyOf(protocols);
        Optional<ProviderTable.Provider> provider = providers.of(whose.domain());
        if (provider.isPresent()) {
            List<Candidate> known =
                    wanted.stream()
                            .flatMap(protocol ->
                                    known(provider.get(), whose, protocol)
                                            .map(it -> Candidate.of(protocol, it, List.of()))
                                            .stream())
                            .toList();
            return new Candidates(known, known.isEmpty() ? Search.notOffered(whose, wanted) : "");
        }
        return survey(new Search(sources, whose, wanted, deadline), deadline);
    }

    private Candidates survey(Search search, Deadline deadline) {
        FairSemaphore ofClient =
                surveysOfClients.computeIfAbsent(
                        ActingClient.current(), any -> new FairSemaphore(SURVEYS_OF_A_CLIENT));
        return within(
                ofClient,
                deadline,
                () ->
                        within(
                                surveys,
                                deadline,
                                () -> {
                                    List<Candidate> found = search.all();
                                    return new Candidates(
                                            found, found.isEmpty() ? search.nothingFound() : "");
                                }));
    }

    private static Candidates within(
            FairSemaphore places, Deadline deadline, Supplier<Candidates> survey) {
        boolean mayBegin = false;
        try {
            mayBegin = places.tryAcquire(ActingClient.current(), deadline.remainingNanos());
            return mayBegin
                    ? survey.get()
                    : new Candidates(List.of(), "too many searches run at once: try again");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Candidates(List.of(), "the daemon is being stopped");
        } finally {
            if (mayBegin) {
                places.release();
            }
        }
    }

    private static Optional<Found> known(
            ProviderTable.Provider provider, MailAddress address, Protocol protocol) {
        return provider.host(protocol)
                .map(host ->
                        new Found(
                                host,
                                protocol.defaultPort(Security.TLS),
                                Security.TLS,
                                provider.username(address),
                                Source.PROVIDER));
    }
}
