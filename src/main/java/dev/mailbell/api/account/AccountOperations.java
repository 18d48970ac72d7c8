package dev.mailbell.api.account;

import dev.mailbell.account.AccountSearch;

/** What requests of the API and pages for people do with accounts. */
public record AccountOperations(
        AccountSearch search,
        RequestedChecks checks,
        AccountChanges changes,
        AccountRemoval removal) {}
