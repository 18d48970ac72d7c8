package dev.mailbell.ui.account;

import dev.mailbell.account.Account;
import dev.mailbell.api.account.AccountOperations;
import dev.mailbell.api.http.RequestDeadline;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.client.Scope;
import dev.mailbell.mail.FailureAdvice;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Pages;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.check.CheckedMailbox;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The page of one account and its actions, which do what requests of the API do. */
final class OneAccountPages {
    private static final String ONE = AccountPages.PATH + "/{id}";
    private static final int UNPROCESSABLE = 422;

    private final FoundAccounts accounts;
    private final AccountViews views;
    private final AccountOperations operations;

    OneAccountPages(FoundAccounts accounts, AccountViews views, AccountOperations operations) {
        this.accounts = accounts;
        this.views = views;
        this.operations = operations;
    }

    void addTo(Pages pages) {
        pages.get(ONE, Scope.ACCOUNTS_READ, request -> show(request, accounts.of(request), null));
        pages.post(ONE + "/check", Scope.ACCOUNTS_WRITE, this::check);
        pages.post(
                ONE + "/pause",
                Scope.ACCOUNTS_WRITE,
                request ->
                        change(
                                request,
                                operations.changes()::pause,
                                "Paused: the account is not checked until it is resumed."));
        pages.post(
                ONE + "/resume",
                Scope.ACCOUNTS_WRITE,
                request ->
                        change(
                                request,
                                operations.changes()::resume,
                                "Resumed: the account is checked now."));
        pages.post(
                ONE + "/reconnect",
                Scope.ACCOUNTS_WRITE,
                request ->
                        change(
                                request,
                                operations.changes()::reconnect,
                                "The account connects anew."));
        pages.post(ONE + "/interval", Scope.ACCOUNTS_WRITE, this::changeInterval);
        pages.get(ONE + "/remove", Scope.ACCOUNTS_WRITE, this::askRemove);
        pages.post(ONE + "/remove", Scope.ACCOUNTS_WRITE, this::remove);
    }

    private void show(PageRequest request, Account account, @Nullable String fault) {
        request.show(
                fault == null ? 200 : UNPROCESSABLE,
                "account/account",
                account.address(),
                views.of(request, account, fault));
    }

    private void check(PageRequest request) {
        Deadline deadline = operations.checks().deadline();
        Account account = accounts.of(request);
        try {
            List<CheckedMailbox> checked =
                    operations.checks().check(request.context(), account, deadline);
            long fresh = checked.stream().mapToLong(CheckedMailbox::newCount).sum();
            request.redirect(
                    FoundAccounts.href(account),
                    fresh == 0
                            ? "Checked: nothing new."
                            : "Checked: " + Words.messages(fresh) + " new.");
        } catch (NoRoomException busy) {
            // Of this node, not of the mail server.
            show(request, account, "Not checked: " + busy.reason());
        } catch (MailFailure failure) {
            show(
                    request,
                    accounts.of(request),
                    "The check failed: "
                            + failure.reason()
                            + " "
                            + FailureAdvice.of(failure.code()));
        } catch (ProblemException refused) {
            refused(request, account, refused);
        }
    }

    private void refused(PageRequest request, Account account, ProblemException refused) {
        if (refused.problem().status() == 404) {
            throw refused;
        }
        show(request, account, refused.problem().title() + ": " + refused.problem().detail());
    }

    private void change(PageRequest request, Consumer<Account> change, String done) {
        Account account = accounts.of(request);
        try {
            change.accept(account);
            request.redirect(FoundAccounts.href(account), done);
        } catch (ProblemException refused) {
            refused(request, account, refused);
        }
    }

    private void changeInterval(PageRequest request) {
        String interval = request.form().text("interval").orElse(null);
        change(
                request,
                account -> {
                    RequestDeadline.beginWrite(request.context());
                    operations.changes().changeInterval(account, interval);
                },
                "The interval is changed.");
    }

    private void askRemove(PageRequest request) {
        Account account = accounts.of(request);
        request.show(
                "account/remove",
                "Remove " + account.address(),
                new RemoveView(FoundAccounts.href(account), account.address()));
    }

    private void remove(PageRequest request) {
        Account account = accounts.of(request);
        operations.removal().remove(account);
        request.redirect(AccountPages.PATH, account.address() + " is removed.");
    }
}
