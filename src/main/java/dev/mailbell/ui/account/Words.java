package dev.mailbell.ui.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.delivery.log.LoggedDelivery;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.Protocol;
import dev.mailbell.ui.page.Show;
import dev.mailbell.watch.AccountCommands.Live;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.history.PastCheck;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Names of states, proofs and causes for people. */
final class Words {
    private Words() {}

    static Badge of(AccountState state) {
        return switch (state) {
            case CONNECTING -> new Badge("connecting", "");
            case WATCHING -> new Badge("watching", "good");
            case RETRYING -> new Badge("retrying", "warn");
            case PARKED -> new Badge("parked", "bad");
            case PAUSED -> new Badge("paused", "");
        };
    }

    static Badge of(LoggedDelivery.Status status) {
        return switch (status) {
            case PENDING -> new Badge("pending", "warn");
            case DELIVERED -> new Badge("delivered", "good");
            case FAILED -> new Badge("failed", "bad");
            case SUPERSEDED -> new Badge("merged into a later one", "");
        };
    }

    static Badge of(PastCheck.Result result) {
        return switch (result) {
            case NOTHING -> new Badge("nothing new", "");
            case MAIL -> new Badge("new mail", "good");
            case RESET -> new Badge("counted anew", "warn");
            case FAILED -> new Badge("failed", "bad");
            case CONNECTION_LOST -> new Badge("connection lost", "warn");
        };
    }

    static String of(CheckTrigger cause) {
        return switch (cause) {
            case IDLE -> "the server pushed";
            case SAFETY -> "safety check beside push";
            case POLL -> "interval";
            case CHECK -> "on demand";
            case POSITION -> "the client gave its position";
        };
    }

    static String of(EventType type) {
        return switch (type) {
            case MAIL_NEW -> "new mail";
            case MAILBOX_BASELINE -> "counting began";
            case MAILBOX_RESET -> "counted anew";
            case ACCOUNT_CONNECTED -> "connected";
            case ACCOUNT_RETRYING -> "checks fail";
            case ACCOUNT_PARKED -> "parked";
            case ACCOUNT_RECOVERED -> "checks succeed again";
            default -> type.wireName();
        };
    }

    /** How the account is watched, and why so. */
    static String mode(Account account, @Nullable Live live) {
        if (!account.isWatched()) {
            return "not watched";
        }
        if (live == null || live.mode() == null || live.reason() == null) {
            return "not known before a check has succeeded";
        }
        return switch (live.reason()) {
            case PUSHED -> "push (IDLE), with safety checks beside it";
            case PROTOCOL -> "polling: POP3 has no push";
            case SWITCHED_OFF ->
                    "polling: push is switched off for this account or its mail server";
            case REFUSED ->
                    "polling: the server offers push and does not do it; it is asked again after a day";
            case NOT_OFFERED ->
                    "polling: the server offers no push, or its connection could not be kept";
        };
    }

    /** On which proof the counts rest, and its place on the ladder. */
    static String proof(Protocol protocol, @Nullable Live live) {
        String name = live == null ? null : live.proof();
        Optional<Proof> proof =
                Arrays.stream(Proof.values()).filter(it -> it.wireName().equals(name)).findFirst();
        if (proof.isEmpty()) {
            return "not known before a check";
        }
        Proof[] ladder =
                Arrays.stream(Proof.values())
                        .filter(it -> it.protocol() == protocol)
                        .toArray(Proof[]::new);
        return "%s (proof %d of %d)%s"
                .formatted(
                        name,
                        Arrays.asList(ladder).indexOf(proof.get()) + 1,
                        ladder.length,
                        switch (proof.get()) {
                            case IDENTITY, HEADERS, SIZES -> ": counts are approximate";
                            default -> "";
                        });
    }

    static String messages(long number) {
        return Show.count(number, "message", "messages");
    }
}
