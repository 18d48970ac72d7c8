package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.api.account.AccountRegistration.Decided;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Cursor;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.request.ViewFormats;
import dev.mailbell.detection.PositionRefusedException;
import dev.mailbell.detection.PositionRefusedException.Reason;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.AccountCommands.Checked;
import dev.mailbell.watch.AccountCommands.Live;
import dev.mailbell.watch.AccountCommands.Verified;
import dev.mailbell.watch.Watch;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What is asked of the watch: verify, check, mailboxes and positions. */
public final class CheckRoutes {
    private final AccountResources accounts;
    private final AccountReader reader;
    private final AccountRegistration registrar;
    private final MailboxStore mailboxes;
    private final Watch watch;

    public CheckRoutes(
            AccountResources accounts,
            AccountReader reader,
            AccountRegistration registrar,
            MailboxStore mailboxes,
            Watch watch) {
        this.accounts = accounts;
        this.reader = reader;
        this.registrar = registrar;
        this.mailboxes = mailboxes;
        this.watch = watch;
    }

    public void addTo(Routes routes) {
        routes.post("/v1/accounts/verify", this::verify);
        routes.post("/v1/accounts/{id}/check", this::check);
        routes.get("/v1/accounts/{id}/mailboxes", this::list);
        routes.put("/v1/accounts/{id}/mailboxes/<name>/position", this::position);
    }

    private record Works(
            boolean ok,
            long latencyMillis,
            List<String> capabilities,
            List<Verified.SeenMailbox> mailboxes,
            List<String> warnings) {}

    private record Fails(boolean ok, Failure failure) {
        record Failure(String code, String message) {}
    }

    private void verify(Context context) {
        Deadline deadline = watch.deadline();
        Query.of(context).done();
        Decided decided = registrar.decide(reader.read(Body.object(context)));
        Account account = registrar.account(AccessFilter.caller(context).clientId(), decided);
        Responses.ok(
                context,
                switch (watch.verify(account, decided.secret(), deadline)) {
                    case Verified.Works works ->
                            new Works(
                                    true,
                                    works.latencyMillis(),
                                    works.capabilities(),
                                    works.mailboxes(),
                                    works.warnings());
                    case Verified.Fails fails ->
                            new Fails(
                                    false,
                                    new Fails.Failure(fails.code().wireName(), fails.message()));
                });
    }

    private record Mailboxes<T>(List<T> mailboxes) {}

    private void check(Context context) {
        Deadline deadline = watch.deadline();
        Query.of(context).done();
        Body.requireNone(context);
        Account account = accounts.ofPath(context);
        requireNotPaused(account);
        Responses.ok(
                context,
                new Mailboxes<Checked>(looked(account, () -> watch.check(account, deadline))));
    }

    private static void requireNotPaused(Account account) {
        if (account.state() == AccountState.PAUSED) {
            throw new ProblemException(
                    Problem.conflict("paused", "the account is paused; resume it first"));
        }
    }

    /** What a look says, or 404 when the account was removed before it ended. */
    private <T> T looked(Account account, Supplier<T> look) {
        try {
            return look.get();
        } catch (MailFailure | PositionRefusedException e) {
            throw e;
        } catch (RuntimeException e) {
            accounts.requireStillThere(account);
            throw e;
        }
    }

    private void list(Context context) {
        Query query = Query.of(context);
        int limit = query.limit();
        String after = query.nameCursor().orElse("");
        query.done();
        Account account = accounts.ofPath(context);
        Instant checkedAt = checkedAt(account);
        // At most 32: sorted here, in the order that cursors have.
        List<Mailbox> found =
                mailboxes.list(account.id()).stream()
                        .filter(mailbox -> mailbox.name().compareTo(after) > 0)
                        .sorted(Comparator.comparing(Mailbox::name))
                        .toList();
        List<Mailbox> shown = found.subList(0, Math.min(limit, found.size()));
        Responses.ok(
                context,
                new Page<>(
                        shown.stream().map(mailbox -> MailboxView.of(mailbox, checkedAt)).toList(),
                        found.size() > limit ? Cursor.ofName(shown.getLast().name()) : null));
    }

    private @Nullable Instant checkedAt(Account account) {
        return ViewFormats.latest(
                account.lastCheckedAt(),
                watch.live(account.id()).map(Live::lastCheckedAt).orElse(null));
    }

    private void position(Context context) {
        Deadline deadline = watch.deadline();
        Query.of(context).done();
        Account account = accounts.ofPath(context);
        PositionUpdate update =
                PositionReader.read(Body.object(context), account.mail().protocol());
        String name = AccountReader.canonicalMailbox(context.pathParam("name"));
        if (!account.mailboxes().contains(name)) {
            throw new ProblemException(
                    Problem.notFound("the account does not watch a mailbox of this name"));
        }
        requireNotPaused(account);
        try {
            Mailbox mailbox =
                    looked(account, () -> watch.position(account, name, update, deadline));
            Responses.ok(context, MailboxView.of(mailbox, checkedAt(account)));
        } catch (PositionRefusedException e) {
            String detail = String.valueOf(e.getMessage());
            throw new ProblemException(
                    e.reason() == Reason.OTHER_UIDVALIDITY
                            ? Problem.conflict("other-uidvalidity", detail)
                            : Problem.refused("unknown-uid", detail));
        }
    }
}
