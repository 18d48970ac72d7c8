package dev.mailbell.ui.client;

import dev.mailbell.api.client.PortalLinkActions;
import dev.mailbell.api.http.PageAccess;
import dev.mailbell.api.http.Principal;
import dev.mailbell.client.KeyText;
import dev.mailbell.client.PortalLink;
import dev.mailbell.ui.page.FormTokens;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Pages;
import dev.mailbell.ui.session.Session;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The page that opens portal links. It takes the token out of the address, and opens the link when
 * the person says so: what only looks at links, such as a filter of mail, does not use it up.
 */
final class PortalPages {
    /** The kind of sessions that rest on a portal link, whose subject is the hash of its token. */
    private static final String KIND = "portal";

    private static final int MAX_TOKEN = 100;
    private static final int REFUSED = 422;

    private final PageAccess access;
    private final PortalLinkActions links;

    PortalPages(PageAccess access, PortalLinkActions links) {
        this.access = access;
        this.links = links;
    }

    void addTo(Pages pages) {
        pages.sessions().accept(KIND, session -> links.opened(session.subject()));
        pages.sessions().open(PortalLinkActions.PAGE);
        pages.get(PortalLinkActions.PAGE, request -> show(pages, request, 200, null));
        pages.postByAnyone(PortalLinkActions.PAGE, request -> open(pages, request));
    }

    private static void show(Pages pages, PageRequest request, int status, @Nullable String fault) {
        request.show(
                status,
                "client/portal",
                "Open the link",
                new PortalView(pages.formTokens().of(request.context()), fault));
    }

    private void open(Pages pages, PageRequest request) {
        if (!pages.formTokens().isOfThisBrowser(request.context(), request.form())) {
            show(pages, request, REFUSED, FormTokens.FAULT);
            return;
        }
        // Counted before the database is read, so that guesses are slowed down.
        access.countRefused(request.context());
        // A whole link may be pasted, too.
        String given = request.form().text("token").orElse("");
        String token = given.substring(given.indexOf('#') + 1);
        Optional<PortalLink> link =
                token.length() > MAX_TOKEN ? Optional.empty() : links.open(token);
        byte[] hash = KeyText.sha256(token);
        Optional<Principal> opened = link.flatMap(any -> links.opened(hash));
        if (link.isEmpty() || opened.isEmpty()) {
            show(
                    pages,
                    request,
                    REFUSED,
                    "This link is not valid: it was opened before, has ended, or is not whole. Ask"
                            + " for a new one.");
            return;
        }
        pages.sessions()
                .begin(request.context(), Session.begin(KIND, hash, link.get().expiresAt()));
        pages.formTokens().remove(request.context());
        // From here on the audit log knows whose request this is.
        access.admit(request.context(), opened.get(), () -> links.opened(hash));
        request.redirect(Pages.HOME);
    }
}
