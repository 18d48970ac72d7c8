package dev.mailbell.ui.account;

import dev.mailbell.account.Account;
import dev.mailbell.api.account.RequestedChecks;
import dev.mailbell.client.Scope;
import dev.mailbell.mail.FailureAdvice;
import dev.mailbell.network.Deadline;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Pages;
import dev.mailbell.ui.page.Show;
import dev.mailbell.watch.AccountCommands.Traced;
import dev.mailbell.watch.check.CheckedMailbox;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/** A check of an account with its dialogue, line by line and as a file. */
final class TracePages {
    private final FoundAccounts accounts;
    private final RequestedChecks checks;

    TracePages(FoundAccounts accounts, RequestedChecks checks) {
        this.accounts = accounts;
        this.checks = checks;
    }

    void addTo(Pages pages) {
        pages.post(AccountPages.PATH + "/{id}/trace", Scope.ACCOUNTS_WRITE, this::trace);
        pages.post(AccountPages.PATH + "/{id}/trace/file", Scope.ACCOUNTS_WRITE, this::download);
    }

    private void trace(PageRequest request) {
        Deadline deadline = checks.deadline();
        Account account = accounts.of(request);
        boolean anew = request.form().has("new");
        Traced traced = checks.trace(request.context(), account, anew, deadline);
        request.show("account/trace", "Trace of " + account.address(), view(account, traced));
    }

    private static TraceView view(Account account, Traced traced) {
        List<TraceView.Line> lines = traced.lines().stream().map(TraceView.Line::of).toList();
        String result =
                traced.code() != null
                        ? "The check failed."
                        : traced.checked().stream()
                                .map(TracePages::sentence)
                                .collect(Collectors.joining(" "));
        String head =
                "Trace of account %s (%s), %s\n%s%s\n\n"
                        .formatted(
                                account.id(),
                                account.address(),
                                traced.startedAt(),
                                result,
                                traced.message() == null ? "" : " " + traced.message());
        return new TraceView(
                FoundAccounts.href(account),
                account.address(),
                traced.startedAt(),
                Show.duration(Duration.ofMillis(traced.tookMillis())),
                traced.code() == null ? new Badge("succeeded", "good") : new Badge("failed", "bad"),
                result,
                traced.message(),
                traced.code() == null ? null : FailureAdvice.of(traced.code()),
                lines,
                traced.omitted(),
                lines.stream()
                        .map(TraceView.Line::asText)
                        .collect(Collectors.joining("", head, "")));
    }

    private static String sentence(CheckedMailbox mailbox) {
        return "%s holds %s, %s new%s."
                .formatted(
                        mailbox.name(),
                        Words.messages(mailbox.total()),
                        mailbox.newCount() == 0 ? "none" : Show.count(mailbox.newCount()),
                        mailbox.reset() ? "; counting began anew" : "");
    }

    /** A trace is stored nowhere: the page that shows it sends it back to be saved. */
    private void download(PageRequest request) {
        Account account = accounts.of(request);
        request.context()
                .header(
                        "Content-Disposition",
                        "attachment; filename=\"trace-" + account.id() + ".txt\"")
                .contentType("text/plain; charset=utf-8")
                .result(request.form().text("text").orElse(""));
    }
}
