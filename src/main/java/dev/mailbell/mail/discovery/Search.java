package dev.mailbell.mail.discovery;

import dev.mailbell.fairness.ActingClient;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.discovery.Discovered.Found;
import dev.mailbell.mail.discovery.Discovered.Source;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One search for the servers of an address, in DNS and autoconfig files. Thread-safe. */
final class Search {
    private static final Logger LOG = LoggerFactory.getLogger(Search.class);
    private static final Duration PER_QUESTION = Duration.ofSeconds(5);

    /** With TLS and without. */
    private static final int SERVICES_OF_PROTOCOL = 2;

    /** What a search asks. */
    record Sources(SrvRecords dns, WebFiles files, RandomGenerator random) {}

    private final Sources sources;
    private final MailAddress address;
    private final Set<Protocol> protocols;
    private final Deadline deadline;
    private final Map<Protocol, Integer> denials = new ConcurrentHashMap<>();
    private volatile boolean unanswered;

    Search(Sources sources, MailAddress address, Set<Protocol> protocols, Deadline deadline) {
        this.sources = sources;
        this.address = address;
        this.protocols = protocols;
        this.deadline = deadline;
    }

    /** The best server of a protocol; asks one source after the other and ends with the first. */
    Optional<Found> best(Protocol protocol) {
        return srv(protocol, Security.TLS)
                .or(() -> srv(protocol, Security.STARTTLS))
                .or(() -> isDenied(protocol) ? Optional.empty() : autoconfig().stream().findFirst())
                .map(Candidate::server);
    }

    /** Every server that is published; asks all sources at once. */
    List<Candidate> all() {
        List<Callable<List<Candidate>>> questions = new ArrayList<>();
        for (Protocol protocol : protocols) {
            questions.add(() -> srv(protocol, Security.TLS).stream().toList());
            questions.add(() -> srv(protocol, Security.STARTTLS).stream().toList());
        }
        questions.add(this::autoconfig);
        UUID client = ActingClient.current();
        List<Callable<List<Candidate>>> ofClient = new ArrayList<>();
        for (Callable<List<Candidate>> question : questions) {
            ofClient.add(() -> ActingClient.call(client, question::call));
        }
        List<Candidate> found = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<List<Candidate>> answer :
                    threads.invokeAll(ofClient, deadline.remainingNanos(), TimeUnit.NANOSECONDS)) {
                found.addAll(answered(answer));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            unanswered = true;
        }
        return found.stream().distinct().toList();
    }

    private List<Candidate> answered(Future<List<Candidate>> answer) throws InterruptedException {
        try {
            return answer.get();
        } catch (CancellationException late) {
            unanswered = true;
            return List.of();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a search failed", e.getCause());
        }
    }

    private Optional<Candidate> srv(Protocol protocol, Security security) {
        String service =
                (protocol == Protocol.IMAP ? "_imap" : "_pop3")
                        + (security == Security.TLS ? "s" : "");
        String name = service + "._tcp." + address.domain();
        List<SrvRecord> records;
        try {
            records = sources.dns().lookup(name, deadline.atMost(PER_QUESTION));
        } catch (IOException e) {
            unanswered(name, e);
            return Optional.empty();
        }
        if (records.stream().anyMatch(SrvRecord::isNotOffered)) {
            denials.merge(protocol, 1, Integer::sum);
        }
        return SrvRecord.choose(records, sources.random())
                .flatMap(record ->
                        record.host()
                                .map(host ->
                                        new Found(
                                                host,
                                                record.port(),
                                                // Some records of the service without TLS name the
                                                // port that has it.
                                                Autoconfig.hasTls(record.port())
                                                        ? Security.TLS
                                                        : security,
                                                address.text(),
                                                Source.SRV)))
                .map(found -> Candidate.of(protocol, found, List.of()));
    }

    private List<Candidate> autoconfig() {
        for (URI location : Autoconfig.locations(address)) {
            if (deadline.isPast()) {
                unanswered = true;
                return List.of();
            }
            try {
                Optional<byte[]> file =
                        sources.files().get(location, deadline.atMost(PER_QUESTION));
                List<Candidate> found = file.map(this::read).orElse(List.of());
                if (!found.isEmpty()) {
                    return found;
                }
            } catch (IOException e) {
                unanswered(location.getHost(), e);
            }
        }
        return List.of();
    }

    /** Many web sites answer any question with a page for people: no reason to ask again. */
    private List<Candidate> read(byte[] file) {
        try {
            return Autoconfig.read(file, address, protocols);
        } catch (IOException e) {
            LOG.debug("the autoconfig file of {} cannot be read", address.domain(), e);
            return List.of();
        }
    }

    /** Why nothing was found, and what to give instead. */
    String nothingFound() {
        if (protocols.stream().allMatch(this::isDenied)) {
            return notOffered(address, protocols);
        }
        return "no "
                + names(protocols)
                + " server is known for "
                + address.domain()
                + (unanswered
                        ? ", and its DNS or web server did not answer every question: try again,"
                                + " or give mail.host"
                        : ", neither in the DNS (SRV) nor by autoconfig: give mail.host");
    }

    static String notOffered(MailAddress address, Set<Protocol> protocols) {
        return address.domain()
                + " does not offer "
                + names(protocols)
                + (protocols.size() == 1
                        ? ": choose the other mail.protocol, or give mail.host"
                        : ": give mail.host");
    }

    private static String names(Set<Protocol> protocols) {
        return protocols.stream().map(Protocol::name).collect(Collectors.joining(" or "));
    }

    /**
     * Whether the DNS says that the domain does not offer the service, with and without TLS (RFC
     * 6186, §3.4).
     */
    private boolean isDenied(Protocol protocol) {
        return denials.getOrDefault(protocol, 0) == SERVICES_OF_PROTOCOL;
    }

    private void unanswered(String source, IOException reason) {
        if (!(reason instanceof UnknownHostException)) {
            unanswered = true;
        }
        LOG.debug("searching a server for {}: {} gave no answer", address.domain(), source, reason);
    }
}
