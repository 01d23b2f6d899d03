# SPDX-License-Identifier: Apache-2.0
"""How Sphinx builds the pages."""

project = 'python-backupclient'
copyright = 'The python-backupclient developers'
extensions = ['cliff.sphinxext', 'openstackdocstheme']
html_theme = 'openstackdocs'
openstackdocs_repo_name = 'python-backupclient'
openstackdocs_auto_name = False
# Options are printed with two hyphens.
smartquotes = False
autoprogram_cliff_application = 'openstack'
# The theme has no option for the licence in its footer.
templates_path = ['_templates']
