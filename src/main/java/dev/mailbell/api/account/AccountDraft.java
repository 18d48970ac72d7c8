package dev.mailbell.api.account;

import dev.mailbell.account.WatchSettings;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An account as a client asks for it, read and without faults of form. */
record AccountDraft(
        @Nullable String ref,
        String address,
        LoginDraft login,
        List<String> mailboxes,
        WatchSettings watch,
        Map<String, String> labels) {}
