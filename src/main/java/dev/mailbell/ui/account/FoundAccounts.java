package dev.mailbell.ui.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStore;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.ui.page.PageRequest;
import java.util.Optional;
import java.util.UUID;

/** Finds the account that a page is about: one of the key's client, for the operator any. */
final class FoundAccounts {
    private final AccountStore store;

    FoundAccounts(AccountStore store) {
        this.store = store;
    }

    /**
     * @throws dev.mailbell.api.problem.ProblemException 404 when there is none, or it is another
     *     client's
     */
    Account of(PageRequest request) {
        UUID id = request.id("id");
        Optional<Account> found =
                request.isOperator()
                        ? store.find(id)
                        : store.find(request.principal().clientId(), id);
        Account account =
                found.orElseThrow(() -> request.notFound("There is no account with this id."));
        if (request.isOperator()) {
            AccessFilter.actFor(request.context(), account.clientId());
        }
        return account;
    }

    static String href(Account account) {
        return AccountPages.PATH + "/" + account.id();
    }
}
