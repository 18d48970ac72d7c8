package dev.mailbell.simulation;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.MailboxState;
import dev.mailbell.detection.Pop3State;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.mail.imap.ImapSessions;
import dev.mailbell.mail.pop3.Pop3Sessions;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.tls.TlsContexts;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Compares methods of counting over the same histories: three simple ones, and Mailbell's own
 * sessions and computation over a real connection to a simulated server.
 */
public final class Simulation {
    private static final String HOST = "127.0.0.1";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** The result of one scenario. */
    public record Outcome(
            String scenario, String description, List<String> lines, long wrongOfMailbell) {}

    /** The names of all scenarios. */
    public static List<String> scenarios() {
        List<String> names = new ArrayList<>();
        for (Scenario scenario : Scenario.values()) {
            names.add(scenario.title());
        }
        return names;
    }

    /**
     * Runs one scenario.
     *
     * @param name one of {@link #scenarios()}
     * @param checks how many checks, 1 or more
     * @param seed the same seed gives the same history
     */
    public Outcome run(String name, int checks, long seed) throws IOException {
        Scenario scenario = Scenario.values()[scenarios().indexOf(name)];
        Random random = new Random(seed);
        Maildrop maildrop = Scenario.begin(random);
        Tally mailbell = new Tally("Mailbell");
        Scheme[] schemes = {new Scheme.MaxId(), new Scheme.MaxIdUid(), new Scheme.Both()};
        Tally[] tallies = {
            new Tally("max id"), new Tally("max id's UID"), new Tally("both combined")
        };
        boolean imap = scenario.protocol() == Protocol.IMAP;
        AtomicLong clock = new AtomicLong(1_700_000_000);
        try (SimulatedServer server =
                        imap
                                ? new SimulatedServer(() -> new ClockImapDialogue(maildrop, clock))
                                : new SimulatedServer(maildrop);
                Watchdog watchdog = new Watchdog();
                AddressGuard guard = new AddressGuard(List.of("127.0.0.0/8"), List.of(HOST))) {
            MailConnector connector = new MailConnector(guard, new TlsContexts(watchdog), watchdog);
            Counter counter =
                    imap
                            ? new Counter(
                                    new ImapSessions(connector),
                                    server.port(),
                                    Protocol.IMAP,
                                    ImapState.UNSEEN)
                            : new Counter(new Pop3Sessions(connector), server.port());
            counter.check();
            if (imap) {
                // The second check detects that the UIDs are not stable.
                counter.check();
            }
            maildrop.countNew();
            for (Scheme scheme : schemes) {
                scheme.follow(scenario.shown(maildrop, 0));
            }
            for (int check = 0; check < checks; check++) {
                scenario.happen(maildrop, random);
                int truth = maildrop.countNew();
                List<Maildrop.Message> shown = scenario.shown(maildrop, check + 1);
                for (int i = 0; i < schemes.length; i++) {
                    tallies[i].add(truth, schemes[i].follow(shown), schemes[i].cost(shown));
                }
                long before = server.bytes();
                int counted = counter.check();
                mailbell.add(truth, counted, server.bytes() - before);
            }
        }
        List<String> lines = new ArrayList<>();
        for (Tally tally : tallies) {
            lines.add(tally.line());
        }
        lines.add(mailbell.line());
        return new Outcome(name, scenario.description(), lines, mailbell.wrong());
    }

    /** Mailbell's method, as in the daemon. */
    static final class Counter {
        private final MailServers servers;
        private final Login login;
        private MailboxState state;
        private KnownMessages known = KnownMessages.none();

        /** Counts in a POP3 maildrop. */
        Counter(MailServers servers, int port) {
            this(servers, port, Protocol.POP3, Pop3State.UNSEEN);
        }

        Counter(MailServers servers, int port, Protocol protocol, MailboxState unseen) {
            this.servers = servers;
            this.state = unseen;
            this.login =
                    new Login(
                            protocol,
                            HOST,
                            port,
                            Security.NONE,
                            "ann",
                            new Credential.Password("simulated"),
                            true,
                            null);
        }

        int check() {
            try (MailSession session = servers.open(login, Deadline.after(PATIENCE))) {
                CheckRequest request =
                        new CheckRequest(
                                "INBOX",
                                state.mark(),
                                state.searchFrom(null),
                                state.needsExhaustiveCheck(),
                                null);
                Change change = state.after(session.observe(request), null, () -> known);
                state = change.next();
                known = change.known().orElse(known);
                return change.newCount();
            }
        }
    }
}
