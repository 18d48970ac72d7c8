package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.api.account.registration.AccountReader;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Cursor;
import dev.mailbell.api.request.Instants;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Query;
import dev.mailbell.client.Scope;
import dev.mailbell.detection.PositionRefusedException;
import dev.mailbell.detection.PositionRefusedException.Reason;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.AccountCommands.Live;
import dev.mailbell.watch.Watch;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The routes of an account's mailboxes: list them, set the client's position. */
public final class MailboxRoutes {
    private final AccountResources accounts;
    private final MailboxStore mailboxes;
    private final Watch watch;

    public MailboxRoutes(AccountResources accounts, MailboxStore mailboxes, Watch watch) {
        this.accounts = accounts;
        this.mailboxes = mailboxes;
        this.watch = watch;
    }

    public void addTo(Routes routes) {
        routes.get("/v1/accounts/{id}/mailboxes", Scope.ACCOUNTS_READ, this::list);
        routes.put(
                "/v1/accounts/{id}/mailboxes/<name>/position",
                Scope.ACCOUNTS_WRITE,
                this::position);
    }

    private void list(Context context) {
        Query query = Query.of(context);
        int limit = query.limit();
        String after = query.nameCursor().orElse("");
        query.validate();
        Account account = accounts.fromPath(context);
        Instant checkedAt = checkedAt(account);
        // At most 32 mailboxes, sorted here by name, as the cursors are.
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
        return Instants.latest(
                account.lastCheckedAt(),
                watch.live(account.id()).map(Live::lastCheckedAt).orElse(null));
    }

    private void position(Context context) {
        Deadline deadline = watch.deadline();
        Query.of(context).validate();
        Account account = accounts.fromPath(context);
        PositionUpdate update =
                PositionReader.read(Body.object(context), account.mail().protocol());
        String name = AccountReader.canonicalMailbox(context.pathParam("name"));
        if (!account.mailboxes().contains(name)) {
            throw new ProblemException(
                    Problem.notFound("the account does not watch a mailbox of this name"));
        }
        AccountResources.requireNotPaused(account);
        try {
            Mailbox mailbox =
                    accounts.run(account, () -> watch.position(account, name, update, deadline));
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
