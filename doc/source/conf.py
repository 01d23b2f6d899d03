# SPDX-License-Identifier: Apache-2.0
"""How Sphinx builds the pages."""

project = 'python-backupclient'
copyright = 'The python-backupclient developers'
extensions = ['cliff.sphinxext', 'openstackdocstheme']
html_theme = 'openstackdocs'
openstackdocs_repo_name = 'python-backupclient'
openstackdocs_auto_name = False
