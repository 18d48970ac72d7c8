package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.account.MailSettings;
import dev.mailbell.api.request.DurationFormat;
import dev.mailbell.api.request.EnumNames;
import dev.mailbell.api.request.Instants;
import dev.mailbell.api.request.RequestPolicy;
import dev.mailbell.network.tls.KeyPin;
import dev.mailbell.network.tls.TlsTrust;
import dev.mailbell.watch.AccountCommands.Live;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An account as clients see it, without secrets. */
public record AccountView(
        UUID id,
        UUID clientId,
        @Nullable String ref,
        String address,
        Mail mail,
        List<String> mailboxes,
        WatchView watch,
        Map<String, String> labels,
        String state,
        Instant stateSince,
        @Nullable FailureView failure,
        @Nullable String mode,
        @Nullable String proof,
        @Nullable Instant lastCheckedAt,
        @Nullable Instant nextCheckAt,
        Instant createdAt,
        Instant updatedAt) {

    record Mail(
            String protocol,
            String host,
            int port,
            String security,
            String username,
            String auth,
            @Nullable String egress,
            @Nullable UUID oauthApp,
            Tls tls) {}

    record Tls(boolean verify, @Nullable String caPem, List<String> pinSha256) {
        static Tls of(TlsTrust tls) {
            return new Tls(
                    tls.verify(), tls.caPem(), tls.pins().stream().map(KeyPin::base64).toList());
        }
    }

    record WatchView(boolean push, String interval, boolean envelopes) {}

    record FailureView(String code, String message, Instant since, int attempts) {
        static @Nullable FailureView of(@Nullable Failure failure) {
            return failure == null
                    ? null
                    : new FailureView(
                            failure.code().wireName(),
                            failure.message(),
                            failure.since(),
                            failure.attempts());
        }
    }

    /**
     * @param live the state kept only in memory; empty when the account is not watched
     * @param policy the operator's defaults for settings that the account leaves open
     */
    static AccountView of(Account account, Optional<Live> live, RequestPolicy policy) {
        MailSettings mail = account.mail();
        // After a failure or a pause, the last mode no longer describes the account.
        boolean watching = account.state() == AccountState.WATCHING;
        return new AccountView(
                account.id(),
                account.clientId(),
                account.ref(),
                account.address(),
                new Mail(
                        EnumNames.of(mail.protocol()),
                        mail.host(),
                        mail.port(),
                        EnumNames.of(mail.security()),
                        mail.username(),
                        EnumNames.of(mail.auth()),
                        mail.egress(),
                        account.app(),
                        Tls.of(mail.tls())),
                account.mailboxes(),
                watch(account, policy),
                new TreeMap<>(account.labels()),
                account.state().wireName(),
                account.stateSince(),
                FailureView.of(account.failure()),
                watching ? live.map(Live::mode).orElse(null) : null,
                live.map(Live::proof).orElse(null),
                Instants.latest(
                        account.lastCheckedAt(), live.map(Live::lastCheckedAt).orElse(null)),
                live.map(Live::nextCheckAt).orElse(null),
                account.createdAt(),
                account.updatedAt());
    }

    private static WatchView watch(Account account, RequestPolicy policy) {
        MailSettings mail = account.mail();
        Boolean push = account.watch().push();
        Duration interval = account.watch().interval();
        return new WatchView(
                push == null ? policy.push(mail.protocol(), mail.host()) : push,
                DurationFormat.seconds(
                        interval == null
                                ? policy.interval(mail.protocol(), mail.host())
                                : interval),
                account.watch().envelopes());
    }
}
