package dev.mailbell.mail.probe;

import dev.mailbell.detection.MailboxState;
import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.PushSession;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.mail.imap.ImapSession;
import dev.mailbell.mail.imap.ImapSessions;
import dev.mailbell.mail.log.ProtocolLog;
import dev.mailbell.mail.pop3.Pop3Sessions;
import dev.mailbell.mail.text.ServerText;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Host;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.network.tls.TlsException;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Probes a mail server: connects, logs in and checks a mailbox as the daemon does, and reports what
 * the server can do. It changes no mailbox: IMAP mailboxes are opened by EXAMINE, and POP3 messages
 * are only listed. A probe ends by its timeout, whatever the server does.
 */
public final class Probe {
    private static final int FOLDERS_SHOWN = 200;
    private static final int TEXT = 300;

    private final AddressGuard guard;
    private final TlsContexts tls;
    private final Watchdog watchdog;

    /**
     * @param guard decides which addresses may be connected to; whether a daemon with its defaults
     *     would is reported besides
     */
    public Probe(AddressGuard guard, TlsContexts tls, Watchdog watchdog) {
        this.guard = guard;
        this.tls = tls;
        this.watchdog = watchdog;
    }

    /**
     * Probes.
     *
     * @param log records what is said
     * @param watching null to end after the check; IMAP only
     */
    public ProbeReport run(ProbeRequest request, ProtocolLog log, @Nullable Watching watching) {
        return new Run(request, log).run(watching);
    }

    /** One probe, and what it has found so far. */
    private final class Run {
        private final ProbeRequest request;
        private final Endpoint endpoint;
        private final ProtocolLog log;
        private final Deadline deadline;
        private final Steps steps;
        private final MailConnector connector;
        private List<InetAddress> addresses = List.of();
        private List<String> offered = List.of();
        private List<String> capabilities = List.of();
        private List<String> folders = List.of();
        private ProbeReport.@Nullable Mailbox mailbox;
        private ProbeReport.@Nullable Proofs proofs;
        private ProbeReport.@Nullable Failure failure;
        private String untrusted = "";
        private @Nullable SSLSession seen;

        Run(ProbeRequest request, ProtocolLog log) {
            this.request = request;
            this.endpoint = request.endpoint();
            this.log = log;
            this.deadline = Deadline.after(request.timeout());
            this.steps = new Steps(log, endpoint.security() == Security.TLS, System::nanoTime);
            this.connector = new MailConnector(guard, tls, watchdog, steps);
        }

        ProbeReport run(@Nullable Watching watching) {
            try {
                lookUp();
                steps.begin("connect");
                Login login = request.login().orElse(null);
                if (login == null) {
                    offered = new Peek(connector, request.protocol(), endpoint, deadline).run();
                } else {
                    checkAs(login, watching);
                }
            } catch (MailFailure e) {
                failure =
                        new ProbeReport.Failure(
                                e.code().wireName(),
                                ServerText.oneLine(e.reason(), 1_000),
                                steps.current());
                log.note(e.reason());
                if (e.getCause() instanceof TlsException refused
                        && refused.reason() != TlsException.Reason.HANDSHAKE) {
                    untrusted = ServerText.oneLine(String.valueOf(refused.getMessage()), TEXT);
                    lookAtCertificate();
                }
            }
            return report();
        }

        /** The proxy looks names up where there is one. */
        private void lookUp() {
            if (endpoint.egress() != null && Host.of(endpoint.host()).literal().isEmpty()) {
                return;
            }
            steps.begin("dns");
            try {
                addresses = guard.resolve(endpoint.host(), deadline);
                steps.end();
            } catch (IOException e) {
                throw new MailFailure(
                        FailureCode.CONNECT_FAILED, "the host is not found: " + e.getMessage(), e);
            }
        }

        private void checkAs(Login login, @Nullable Watching watching) {
            try (MailSession session =
                    request.protocol() == Protocol.IMAP
                            ? new ImapSessions(connector).open(login, deadline)
                            : new Pop3Sessions(connector).open(login, deadline)) {
                steps.end();
                capabilities = session.capabilities();
                PushSession pushed = watching == null ? null : (PushSession) session;
                if (session instanceof ImapSession imap) {
                    steps.begin("folders");
                    folders = imap.mailboxes();
                    steps.end();
                }
                if (pushed != null) {
                    pushed.push(List.of(request.mailbox()));
                }
                check(session);
                if (pushed != null && watching != null) {
                    watch(pushed, watching);
                }
            }
        }

        private void check(MailSession session) {
            steps.begin("select");
            ObservedTwice observed = new ObservedTwice(session, request);
            MailboxState first = observed.baseline();
            steps.end();
            mailbox = observed.mailbox();
            steps.begin("check");
            String unchanged = observed.again(first, false);
            steps.end();
            proofs =
                    new ProbeReport.Proofs(
                            unchanged, observed.again(first, true), observed.isApproximate());
        }

        private void watch(PushSession session, Watching watching) {
            steps.begin("watch");
            if (!session.canPush() || !watching.run(session, watchdog)) {
                throw new MailFailure(
                        FailureCode.SERVER_ERROR,
                        "the server does not say by IDLE what happens: it cannot be watched");
            }
        }

        /** Connects once more without checking the certificate, and sends no secret. */
        private void lookAtCertificate() {
            log.note("once more, without a login, to see the certificate");
            CertificateLook look = new CertificateLook(log);
            try {
                offered =
                        look.at(
                                request.protocol(),
                                endpoint,
                                new MailConnector(guard, tls, watchdog, look),
                                deadline);
            } catch (MailFailure e) {
                log.note(e.reason());
            }
            seen = look.session().orElse(null);
        }

        private ProbeReport report() {
            Protocol protocol = request.protocol();
            Dialect dialect = new Dialect(protocol, log.lines());
            List<String> before = offered.isEmpty() ? dialect.offered() : offered;
            ProbeReport.Tls seenTls = tls();
            ProbeReport.Pop3 pop3 = pop3();
            boolean allowed = isAllowedByDefault();
            List<String> logins = dialect.logins();
            return new ProbeReport(
                    protocol == Protocol.IMAP ? "imap" : "pop3",
                    endpoint.host(),
                    endpoint.port(),
                    Advice.security(endpoint.security()),
                    addresses.stream().map(InetAddress::getHostAddress).toList(),
                    allowed,
                    steps.ended(),
                    seenTls,
                    dialect.greeting(),
                    shown(before),
                    shown(capabilities),
                    shown(Dialect.mechanisms(protocol, before)),
                    logins.isEmpty() && !before.isEmpty()
                            ? Dialect.expectedLogin(protocol, before)
                            : logins,
                    dialect.serverId(),
                    folders.size(),
                    shown(folders.stream().limit(FOLDERS_SHOWN).toList()),
                    mailbox,
                    push(capabilities.isEmpty() ? before : capabilities),
                    proofs,
                    pop3,
                    new Advice(request)
                            .sentences(addresses, allowed, seenTls, capabilities, proofs, pop3),
                    Advice.configuration(endpoint, addresses, allowed),
                    Advice.registration(request, seenTls),
                    failure);
        }

        /** Whether a daemon without {@code network.allowPrivate} connects. */
        private boolean isAllowedByDefault() {
            try (AddressGuard defaults = new AddressGuard(List.of(), List.of())) {
                return addresses.stream().anyMatch(defaults::isAllowed);
            }
        }

        private ProbeReport.@Nullable Tls tls() {
            SSLSession session = steps.session().orElse(seen);
            if (session == null) {
                return null;
            }
            try {
                return new ProbeReport.Tls(
                        session.getProtocol(),
                        session.getCipherSuite(),
                        untrusted.isEmpty() && endpoint.tls().verify(),
                        endpoint.tls().verify() ? untrusted : "it was not checked",
                        CertificateFacts.of(session.getPeerCertificates()));
            } catch (SSLPeerUnverifiedException e) {
                return new ProbeReport.Tls(
                        session.getProtocol(),
                        session.getCipherSuite(),
                        false,
                        "the server has no certificate",
                        List.of());
            }
        }

        private ProbeReport.Push push(List<String> words) {
            return new ProbeReport.Push(
                    words.contains("IDLE"),
                    words.contains("NOTIFY"),
                    words.contains("LIST-STATUS"),
                    words.contains("ID"));
        }

        private ProbeReport.@Nullable Pop3 pop3() {
            return request.protocol() == Protocol.POP3
                    ? Pop3Facts.of(
                            capabilities.isEmpty() ? offered : capabilities, proofs, log.lines())
                    : null;
        }

        private static List<String> shown(List<String> texts) {
            return texts.stream().map(text -> ServerText.oneLine(text, TEXT)).toList();
        }
    }
}
