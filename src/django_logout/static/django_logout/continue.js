// Send the form that leads to the provider. Without script, the user presses its button.
document.querySelector("#django-logout-continue")?.submit();
