package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.MailSettings;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.database.FencedException;
import dev.mailbell.detection.ImapObservation;
import dev.mailbell.detection.Observation;
import dev.mailbell.detection.Pop3Observation;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.connection.ConnectionGroup;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Host;
import dev.mailbell.network.HostGlob;
import dev.mailbell.watch.AccountCommands.Verified;
import dev.mailbell.watch.AccountCommands.Verified.SeenMailbox;
import dev.mailbell.watch.admission.CheckAdmission;
import dev.mailbell.watch.admission.CheckKind;
import dev.mailbell.watch.admission.CheckPermit;
import dev.mailbell.watch.admission.CheckedServer;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.host.ConnectionPermit;
import dev.mailbell.watch.host.MailHostLimiters;
import dev.mailbell.watch.record.CredentialResolver;
import dev.mailbell.watch.record.DatabasePermits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Tries a login and records nothing. */
final class LoginProbe {
    private static final List<String> GMAIL = List.of("pop.gmail.com", "pop.googlemail.com");

    private final MailServers servers;
    private final CredentialResolver credentials;
    private final MailHostLimiters hosts;
    private final CheckAdmission admission;
    private final DatabasePermits database;
    private final Ownership ownership;
    private final ConnectionGroup connections = new ConnectionGroup();

    LoginProbe(
            MailServers servers,
            CredentialResolver credentials,
            MailHostLimiters hosts,
            CheckAdmission admission,
            DatabasePermits database,
            Ownership ownership) {
        this.ownership = ownership;
        this.servers = servers;
        this.credentials = credentials;
        this.hosts = hosts;
        this.admission = admission;
        this.database = database;
    }

    /** Closes the connections of all tried logins at once. */
    void cut() {
        connections.cut();
    }

    /**
     * @throws NoRoomException when no permit was free by the deadline
     * @throws FencedException when this node ends the connection because it may not connect now
     */
    Verified run(Account account, LoginSecret secret, Deadline deadline) {
        ConnectionPermit connection =
                hosts.of(account.mail().host()).acquire(account.clientId(), deadline);
        try (CheckPermit permit =
                admission.acquire(
                        CheckKind.ON_DEMAND, CheckedServer.of(account), false, deadline)) {
            return run(account, secret, permit, deadline);
        } catch (NoRoomException full) {
            throw full;
        } catch (MailFailure silent) {
            return new Verified.Fails(silent.code(), silent.reason());
        } finally {
            connection.release();
            credentials.forget(account);
        }
    }

    private Verified run(
            Account account, LoginSecret secret, CheckPermit permit, Deadline deadline) {
        database.requireHeld();
        int cuts = connections.cuts();
        return connections.call(
                ownership::isActive, () -> connect(account, secret, permit, cuts, deadline));
    }

    /**
     * @param cuts how many times the connections of tried logins had been cut before
     */
    private Verified connect(
            Account account, LoginSecret secret, CheckPermit permit, int cuts, Deadline deadline) {
        long started = System.nanoTime();
        try (MailSession session =
                servers.open(credentials.of(account, secret, deadline), deadline)) {
            List<SeenMailbox> seen = new ArrayList<>();
            List<String> warnings = new ArrayList<>();
            if (isGmailByPop3(account.mail())) {
                warnings.add(
                        "Gmail shows over POP3 only what was not fetched yet, oldest first: new"
                                + " mail may stay unseen. Use the user name recent:"
                                + account.mail().username()
                                + ", or better IMAP");
            }
            session.expect(account.mailboxes());
            for (String name : account.mailboxes()) {
                Observation observation =
                        session.observe(new CheckRequest(name, null, 1, false, null));
                seen.add(
                        switch (observation) {
                            case ImapObservation imap -> {
                                if (imap.identities() != null) {
                                    warnings.add(
                                            "the server has no UIDVALIDITY: counts will be"
                                                    + " approximate");
                                }
                                yield new SeenMailbox(
                                        name,
                                        imap.total(),
                                        imap.uidValidity() == 0 ? null : imap.uidValidity());
                            }
                            case Pop3Observation.Full(var mark, var messages, var sizes) -> {
                                if (mark.approximate()) {
                                    warnings.add(
                                            "the server has no UIDL: counts will be approximate");
                                }
                                yield new SeenMailbox(name, mark.total(), null);
                            }
                            case Pop3Observation.Tail(var mark, var messages) ->
                                    new SeenMailbox(name, mark.total(), null);
                            case Pop3Observation.Unchanged() ->
                                    throw new IllegalStateException("unchanged since nothing");
                        });
            }
            permit.succeeded();
            long millis = Duration.ofNanos(System.nanoTime() - started).toMillis();
            return new Verified.Works(millis, session.capabilities(), seen, warnings);
        } catch (MailFailure failure) {
            if (connections.cuts() != cuts) {
                throw new FencedException();
            }
            permit.failed(failure);
            return new Verified.Fails(
                    failure.code(), credentials.redacted(secret, failure).reason());
        }
    }

    private static boolean isGmailByPop3(MailSettings mail) {
        return mail.protocol() == Protocol.POP3
                && GMAIL.stream().anyMatch(host -> HostGlob.of(host).matches(Host.of(mail.host())))
                && !mail.username().startsWith("recent:");
    }
}
